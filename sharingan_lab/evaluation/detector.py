"""A small Faster R-CNN for plants: torchvision's two stages on a backbone of our own.

Importing torchvision takes as long as importing torch: only who builds a detector waits for it.
"""

import math

import torch
from torch import Tensor, nn

from sharingan_lab.checks import check_rng

ANCHOR_SIZES = (14, 24, 36, 52)  # sides in pixels, spread over those of the plants of weed fields
FIELD_MEAN, FIELD_STD = (0.38, 0.33, 0.24), (0.10, 0.09, 0.06)  # of weed fields, by channel
_POOLED = 5  # a region is pooled to 5 x 5 before it is classified


class PlantBackbone(nn.Module):
    """Feature map at an eighth of the image's size, from strided and residual convolutions.

    It has three times as many channels as there are after the second layer, `width`.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.out_channels = 3 * width
        self.layers = nn.Sequential(
            _convolution(3, width // 2, stride=2),
            _convolution(width // 2, width, stride=2),
            _Residual(width),
            _convolution(width, 2 * width, stride=2),
            _Residual(2 * width),
            _Residual(2 * width),
            _convolution(2 * width, 3 * width),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Map images (N, 3, H, W) to features (N, 3 * width, H / 8, W / 8)."""
        return self.layers(images)


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(_convolution(channels, channels) for _ in range(2)))

    def forward(self, features: Tensor) -> Tensor:
        return features + self.layers(features)


def _convolution(channels: int, filters: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, filters, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(filters),
        nn.ReLU(inplace=True),
    )


def build_detector(
    num_classes: int = 3, *, size: int = 256, width: int = 32, rng: torch.Generator
) -> nn.Module:
    """Make an untrained Faster R-CNN for weed fields.

    Parameters
    ----------
    num_classes : int
        Classes including the background, which is class 0.
    size : int
        Side in pixels to which images are resized inside; their own side means no resizing.
    width : int
        Width of the backbone; the number of weights grows with its square.
    rng : torch.Generator
        One draw from it seeds the weights.

    Returns
    -------
    FasterRCNN
        torchvision's model, in training mode: a region proposal network with square anchors of
        ``ANCHOR_SIZES`` on one feature map, and a box head on regions pooled from the same map.

    References
    ----------
    .. [1] S. Ren, K. He, R. Girshick, J. Sun: Faster R-CNN: towards real-time object detection
       with region proposal networks. NeurIPS 2015.

    Examples
    --------
    >>> detector = build_detector(width=16, rng=torch.Generator().manual_seed(0))
    >>> sum(weights.numel() for weights in detector.parameters())
    165563
    """
    from torchvision.models.detection import FasterRCNN
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
    from torchvision.ops import MultiScaleRoIAlign

    check_rng(rng)
    seed = int(torch.randint(2**62, (), generator=rng))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        backbone = PlantBackbone(width)
        return FasterRCNN(
            backbone,
            rpn_anchor_generator=AnchorGenerator((ANCHOR_SIZES,), ((1.0,),)),
            box_roi_pool=MultiScaleRoIAlign(["0"], output_size=_POOLED, sampling_ratio=2),
            box_head=TwoMLPHead(backbone.out_channels * _POOLED**2, 4 * width),
            box_predictor=FastRCNNPredictor(4 * width, num_classes),
            min_size=size,
            max_size=size,
            image_mean=FIELD_MEAN,
            image_std=FIELD_STD,
            # Fields hold some tens of plants: an order of magnitude fewer proposals than for COCO.
            rpn_pre_nms_top_n_train=300,
            rpn_pre_nms_top_n_test=300,
            rpn_post_nms_top_n_train=100,
            rpn_post_nms_top_n_test=100,
            rpn_batch_size_per_image=128,
            box_batch_size_per_image=64,
        )


def count_classes(detector: object) -> float:
    """Classes that a Faster R-CNN knows, the background among them; of any other, no limit."""
    heads = getattr(getattr(detector, "network", detector), "roi_heads", None)
    return heads.box_predictor.cls_score.out_features if heads else math.inf
