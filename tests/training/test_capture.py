"""The step as a CUDA graph: what it needs, shown on a CPU; what it does, on CUDA."""

import contextlib

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from sharingan_lab import checks
from sharingan_lab.training import Trainer, recipe
from sharingan_lab.training.capture import CapturedStep

TINY = recipe("quick").with_settings(
    epochs=4, constant_epochs=2, items=8, batch_size=4, crop=32, width=4, blocks=1, critic_width=4,
    kernel_size=9, log_every=1, validate_every=8,
)  # fmt: skip
on_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


class NeverWait(TorchDispatchMode):
    """Refuse what would make the processor wait for a GPU, which no graph can hold."""

    WAITS = ("_local_scalar_dense", "nonzero", "equal", "is_nonzero", "masked_select", "unique")

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if name in self.WAITS:
            raise AssertionError(f"{name} waits for the GPU")
        return func(*args, **(kwargs or {}))


SETTINGS = [
    {},
    {"fresh_critic_batches": True, "conditional_critic": True, "dropout": 0.5},
    {"precision": "bfloat16", "alpha_per": "batch", "norm_over": "channels"},
    {"objective": "least-squares", "lambda_gp": 0.0, "weight_clip": 0.01, "content": "l1"},
    {"lambda_adversarial": 0.0, "architecture": "lite", "average": 0.9, "learning_rate": 1e-3},
]
# At the usual rate five critic steps and Adam let a rounding grow several times a step; here not.
STEADY = TINY.with_settings(learning_rate=3e-5)
ROUNDING = 0.03  # what is left of it after eight steps, at most


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_step_never_waits_for_the_gpu(settings, monkeypatch):
    monkeypatch.setattr(checks, "must_wait", lambda images: True)  # as on a GPU
    trainer = Trainer(TINY.with_settings(**settings))
    batches = next(trainer._batches())
    with NeverWait():
        trainer.step(batches)


def test_the_guard_of_the_test_above_bites():
    with pytest.raises(AssertionError, match="waits for the GPU"), NeverWait():
        float(torch.ones(()) + 1)


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_step_changes_tensors_and_nothing_else(settings):
    """A replay runs no Python: what a step did to other objects would happen once only."""
    trainer = Trainer(TINY.with_settings(**settings))
    batches = next(trainer._batches())
    trainer.step(batches)
    before = plain_values(trainer)
    trainer.step(batches)
    assert plain_values(trainer) == before


def plain_values(trainer):
    """A trainer's numbers, texts and flags that are no tensors, and where its tensors lie."""
    own = {k: v for k, v in vars(trainer).items() if isinstance(v, (int, float, str, bool))}
    flags = [p.requires_grad for n in (trainer.generator, trainer.critic) for p in n.parameters()]
    places = [
        [p.data_ptr() for p in network.parameters()]
        for network in (trainer.generator, trainer.critic, trainer.averaged)
    ]
    optimisers = trainer.optimisers.values()
    groups = [
        {k: id(v) if torch.is_tensor(v) else v for k, v in group.items() if k != "params"}
        for optimiser in optimisers
        for group in optimiser.param_groups
    ]
    state = [
        sorted((k, v.data_ptr()) for k, v in values.items())
        for optimiser in optimisers
        for values in optimiser.state.values()
    ]
    return own, flags, places, groups, state


class PretendGraph:
    """What torch.cuda offers for graphs, with a tape instead of a GPU."""

    def __init__(self, monkeypatch):
        self.tape, self.recording, self.generators = [], False, []
        monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: self)
        monkeypatch.setattr(torch.cuda, "graph", self.record)
        for name in ("Stream", "current_stream"):
            monkeypatch.setattr(torch.cuda, name, lambda: self)
        monkeypatch.setattr(torch.cuda, "stream", lambda stream: contextlib.nullcontext())

    def wait_stream(self, stream):
        pass

    def register_generator_state(self, generator):
        self.generators.append(generator)

    @contextlib.contextmanager
    def record(self, graph):
        assert graph is self
        self.recording = True
        yield
        self.recording = False

    def replay(self):
        for work in self.tape:
            work()


def test_each_call_is_one_step_on_its_own_batches(monkeypatch):
    graph, total, ran = PretendGraph(monkeypatch), torch.zeros(()), []

    def step(batches):
        ((images, _),) = batches
        if graph.recording:
            graph.tape.append(lambda: total.add_(images.sum()))
        else:
            ran.append(float(images.sum()))
            total.add_(images.sum())

    rng = torch.Generator()
    captured = CapturedStep(step, [rng])
    for call in range(1, 8):
        images = torch.full((1, 3, 2, 2), float(call))
        captured([(images, images)])
        assert total == 12 * sum(range(1, call + 1))
    assert len(ran) == CapturedStep.WARM_UP and len(graph.tape) == 1
    assert graph.generators == [rng]


def differ(history, other):
    """Largest difference of two runs' losses, relative to the second's."""
    return max(
        abs(row[name] - value) / max(abs(value), 0.05)
        for row, same in zip(history, other, strict=True)
        for name, value in same.items()
        if name != "learning_rate"
    )


def test_the_comparisons_below_see_a_lost_update_and_not_a_rounding():
    def run(rate=3e-5, noise=0.0):
        trainer = Trainer(STEADY.with_settings(learning_rate=rate, device="cpu"))
        turn, rng = trainer.game.turn, torch.Generator().manual_seed(0)
        trainer.game.turn = lambda batches: turn(
            [(b * (1 + noise * torch.randn(b.shape, generator=rng)), s) for b, s in batches]
        )
        return trainer.fit()

    assert differ(run(noise=1e-6), run()) < ROUNDING / 2
    assert differ(run(rate=1e-9), run()) > 2 * ROUNDING


@pytest.fixture
def the_same_bits(monkeypatch):
    """Convolutions of 24 bits that take the same way at each call."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", True)


@on_cuda
@pytest.mark.usefixtures("the_same_bits")
@pytest.mark.parametrize("settings", SETTINGS)
def test_replayed_steps_equal_steps_one_by_one(settings):
    runs = []
    for graph in (True, False):
        trainer = Trainer(STEADY.with_settings(device="cuda", cuda_graph=graph, **settings))
        runs.append((trainer.fit(), trainer.penalty_rng.get_state()))
    (replayed, state), (one_by_one, other_state) = runs
    assert torch.equal(state, other_state)
    assert differ(replayed, one_by_one) < ROUNDING


@on_cuda
@pytest.mark.usefixtures("the_same_bits")
def test_a_replayed_run_continues_where_it_stopped(tmp_path):
    config = STEADY.with_settings(device="cuda")
    whole = Trainer(config)
    whole.fit()

    def stop(step, *_):
        if step == 6:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        Trainer(config.with_settings(checkpoint_seconds=0), tmp_path).fit(stop)
    continued = Trainer(config, tmp_path, resume=True)
    assert 0 < continued.steps_done < 8
    continued.fit()
    assert differ(continued.history[-1:], whole.history[-1:]) < ROUNDING
