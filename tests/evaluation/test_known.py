import pytest
import torch
from safetensors.torch import save_file
from torchvision.models.detection import fasterrcnn_resnet50_fpn

from sharingan_lab.datasets import TILE_CLASSES, aerial_tiles, weed_fields
from sharingan_lab.errors import CheckpointError
from sharingan_lab.evaluation import (
    Detector,
    build_aerial_detector,
    build_detector,
    detect,
    detection_scores,
    evaluate_detection,
    known,
    load_detector,
    save_detector,
    shipped_detectors,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_shipped_detector_of_fields_finds_the_plants_of_sharp_fields():
    detector = load_detector("fields")
    images, targets = weed_fields(16, rng=seeded(99))
    scores = evaluate_detection(detector, images, targets, min_score=detector.min_score)
    assert scores.f1 >= 0.95


def test_the_shipped_detector_of_aerial_tiles_finds_what_is_marked_on_those_that_ship():
    detector, (images, targets) = load_detector("uav-weeds"), aerial_tiles(2)
    found = detect(detector, images, batch=1)
    for label, least in ((1, 0.7), (2, 0.5)):
        scores = detection_scores(found, targets, label=label, min_score=detector.min_score)
        assert scores.f1 >= least, detector.classes[label]


@pytest.mark.parametrize("kind", ["plants", "aerial"])
def test_a_saved_detector_comes_back(kind, tmp_path):
    build, settings = {
        "plants": (build_detector, {"num_classes": 3, "size": 64, "width": 8}),
        "aerial": (build_aerial_detector, {"num_classes": 3, "width": 16}),
    }[kind]
    network = build(**settings, rng=seeded(1)).eval()
    saved = Detector(network, ("background", "a", "b"), 0.35)
    path = save_detector(tmp_path / "mine.safetensors", saved, kind, settings)
    loaded = load_detector(path)
    assert (loaded.classes, loaded.min_score) == (saved.classes, 0.35)
    assert not loaded.network.training
    ours = loaded.network.state_dict()
    for name, values in network.state_dict().items():
        torch.testing.assert_close(ours[name], values, rtol=1e-3, atol=1e-6, msg=name)
    images = torch.rand(2, 3, 64, 64, generator=seeded())
    assert len(detect(loaded, images)) == 2


def test_pictures_of_any_size_keep_theirs_in_the_aerial_detector():
    network = build_aerial_detector(width=16, rng=seeded()).eval()
    prepared, _ = network.transform([torch.zeros(3, 96, 150)])
    assert prepared.image_sizes == [(96, 150)]


def test_what_is_no_detector_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"no weights at nothing: choose fields.*, coco or"):
        load_detector("nothing")
    other = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(1)}, other)
    with pytest.raises(CheckpointError, match="holds no detector of this package"):
        load_detector(other)
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"nothing of use")
    with pytest.raises(CheckpointError, match="cannot read weights from"):
        load_detector(damaged)


def test_weights_of_another_network_are_refused(tmp_path):
    settings = {"num_classes": 3, "size": 64, "width": 8}
    network = build_detector(**settings, rng=seeded())
    path = tmp_path / "mine.safetensors"
    save_detector(path, Detector(network, ("a", "b", "c"), 0.5), "plants", settings | {"width": 16})
    with pytest.raises(CheckpointError, match=r"holds no detector of this package"):
        load_detector(path)


def test_the_detector_of_everyday_things_loads_only_its_own_weights(tmp_path, monkeypatch):
    whole = tmp_path / "street.safetensors"
    monkeypatch.setattr(known, "destination", lambda name: whole)
    with pytest.raises(CheckpointError, match="sharingan fetch faster-rcnn"):
        load_detector("coco")
    reference = fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None, num_classes=91)
    save_file(reference.state_dict(), whole)
    loaded = load_detector("coco")
    assert not loaded.network.training and loaded.classes[3] == "car" and len(loaded.classes) == 91
    torch.testing.assert_close(dict(loaded.network.state_dict()), dict(reference.state_dict()))
    save_file({"weight": torch.zeros(1)}, whole)
    with pytest.raises(CheckpointError, match="not the expected Faster R-CNN"):
        load_detector("coco")


def test_pickled_code_in_a_weights_file_does_not_run(tmp_path):
    trap, evidence = tmp_path / "trap.pth", tmp_path / "evidence"

    class Trap:
        def __reduce__(self):
            return (open, (str(evidence), "w"))

    torch.save({"weight": Trap()}, trap)
    # torch's own words would advise to run it
    with pytest.raises(CheckpointError, match=r"from .*trap\.pth: it is damaged, or holds code,"):
        load_detector(trap)
    assert not evidence.exists()


def test_shipped_detectors_are_small():
    assert shipped_detectors() == ["fields", "uav-weeds"]
    assert load_detector("uav-weeds").classes == TILE_CLASSES
    for name in shipped_detectors():
        path = known.shipped_dir() / f"{name}-detector.safetensors"
        assert path.stat().st_size < 25e6


def test_a_file_of_words_is_said_to_hold_no_weights(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hi")
    with pytest.raises(CheckpointError, match=r"notes\.txt: it is damaged, .* take a "):
        load_detector(path)
