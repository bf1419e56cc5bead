"""A Faster R-CNN for plants on aerial photographs: MobileNetV2 up to a sixteenth, a narrow pyramid.

Stock MobileNetV2 with a feature pyramid has 18.9 million weights, most of them in the pyramid and
the box head. Plants of 10 to 200 pixels in a picture of few kinds of things need a twentieth.
"""

import torch
from torch import Tensor, nn

from sharingan_lab.checks import check_rng

_ENDS = (4, 7, 14)  # where MobileNetV2's layers of a 4th, 8th and 16th of the picture's size end
_CHANNELS = (24, 32, 96)
ANCHOR_SIDES = ((12, 20), (32, 52), (84, 136))  # pixels, two a map: weeds are 24 px in the median
_POOLED = 7


class AerialBackbone(nn.Module):
    """MobileNetV2 without its last stage, and a feature pyramid of `width` channels on it.

    Its statistics are frozen: a batch of detection is too small to measure them.
    """

    def __init__(self, width: int) -> None:
        from torchvision.models import mobilenet_v2
        from torchvision.ops import FeaturePyramidNetwork, FrozenBatchNorm2d

        super().__init__()
        layers = mobilenet_v2(weights=None, norm_layer=FrozenBatchNorm2d).features[: _ENDS[-1]]
        self.features = layers
        self.pyramid = FeaturePyramidNetwork(list(_CHANNELS), width)
        self.out_channels = width

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Map images (N, 3, H, W) to three maps of `width` channels, the finest first."""
        maps, features = {}, images
        for number, layer in enumerate(self.features, start=1):
            features = layer(features)
            if number in _ENDS:
                maps[str(_ENDS.index(number))] = features
        return self.pyramid(maps)


def build_aerial_detector(
    num_classes: int = 3, *, width: int = 64, rng: torch.Generator
) -> nn.Module:
    """Make an untrained Faster R-CNN for aerial photographs of plants, of any size.

    Parameters
    ----------
    num_classes, rng
        As for :func:`build_detector`.
    width : int
        Channels of the pyramid; the box head has twice as many.

    Returns
    -------
    FasterRCNN
        torchvision's model, in training mode; pictures are not resized inside, so a plant must
        have the size in pixels that it had in training.

    References
    ----------
    .. [1] M. Sandler et al.: MobileNetV2: inverted residuals and linear bottlenecks. CVPR 2018.
    .. [2] T.-Y. Lin et al.: Feature pyramid networks for object detection. CVPR 2017.

    Examples
    --------
    >>> detector = build_aerial_detector(rng=torch.Generator().manual_seed(0))
    >>> sum(weights.numel() for weights in detector.parameters()) < 2e6
    True
    """
    from torchvision.models.detection import FasterRCNN
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
    from torchvision.ops import MultiScaleRoIAlign

    check_rng(rng)
    seed = int(torch.randint(2**62, (), generator=rng))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        detector = FasterRCNN(
            AerialBackbone(width),
            rpn_anchor_generator=AnchorGenerator(ANCHOR_SIDES, ((0.7, 1.4),) * len(_ENDS)),
            box_roi_pool=MultiScaleRoIAlign(["0", "1", "2"], output_size=_POOLED, sampling_ratio=2),
            box_head=TwoMLPHead(width * _POOLED**2, 2 * width),
            box_predictor=FastRCNNPredictor(2 * width, num_classes),
            rpn_pre_nms_top_n_train=500,
            rpn_pre_nms_top_n_test=500,
            rpn_post_nms_top_n_train=300,
            rpn_post_nms_top_n_test=300,
            rpn_batch_size_per_image=128,
            box_batch_size_per_image=128,
        )
    detector.transform.resize = _as_it_is  # torchvision's own makes each 800 pixels wide
    return detector


def _as_it_is(image: Tensor, target: dict | None = None) -> tuple[Tensor, dict | None]:
    return image, target
