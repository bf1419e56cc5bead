"""Random numbers by key: the hash of SplitMix64, evenly spread, and nobody else's."""

import pytest
import torch

from sharingan_lab.datasets.draws import item_keys, normal_like, uniform, words

KEYS = item_keys(7, 0, torch.arange(2000))
WORD = 2**64 - 1


def finalised(word):
    """The finaliser of SplitMix64, with the whole numbers of Python."""
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 & WORD
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB & WORD
    return word ^ (word >> 31)


def splitmix(seed, count):
    """Numbers of Steele, Lea and Flood's generator."""
    numbers = []
    for _ in range(count):
        seed = (seed + 0x9E3779B97F4A7C15) & WORD
        numbers.append(finalised(seed))
    return numbers


def test_the_reference_is_splitmix64():
    """Its first numbers from the seed 1234567, as they are published."""
    assert splitmix(1234567, 3) == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@pytest.mark.parametrize("stream", [0, 3])
def test_words_are_those_of_splitmix64_seeded_by_key_and_stream(stream):
    for key, drawn in zip(KEYS[:5].tolist(), words(KEYS[:5], 4, stream).tolist(), strict=True):
        seed = finalised(((key & WORD) ^ stream) + 0x9E3779B97F4A7C15 & WORD)
        assert drawn == [number >> 2 for number in splitmix(seed, 4)]


def test_keys_are_hashed_number_by_number():
    key = 0
    for number in (7, 0, 11):
        key = finalised((key ^ number) + 0x9E3779B97F4A7C15 & WORD)
    assert int(KEYS[11]) & WORD == key
    assert len(KEYS.unique()) == len(KEYS)


def test_the_order_of_what_names_an_item_counts():
    one, two = item_keys(0, 1, torch.tensor([2])), item_keys(1, 0, torch.tensor([2]))
    assert one != two and item_keys(0, 2, torch.tensor([1])) != one


def test_an_item_draws_the_same_in_any_company():
    together = uniform(KEYS[:8], 5, 2)
    order = torch.tensor([6, 1, 1])
    assert torch.equal(uniform(KEYS[order], 5, 2), together[order])
    assert torch.equal(uniform(KEYS[:8], 9, 2)[:, :5], together)
    images = torch.zeros(8, 3, 5, 7)
    noise = normal_like(images, KEYS[:8])
    assert torch.equal(normal_like(images[:3], KEYS[order]), noise[order])


def test_uniform_numbers_have_the_moments_and_the_range():
    drawn = uniform(KEYS, 50)
    assert drawn.dtype == torch.float64 and drawn.min() >= 0 and drawn.max() < 1
    for power in (1, 2, 3, 4):  # five deviations of the mean of 100,000
        assert float((drawn**power).mean()) == pytest.approx(1 / (power + 1), abs=0.005)
    counts = (drawn * 10).long().flatten().bincount()
    assert counts.min() > 9500 and counts.max() < 10500


def test_normal_numbers_have_the_moments_and_the_tails():
    drawn = normal_like(torch.zeros(2000, 51), KEYS).double()
    assert drawn.shape == (2000, 51) and bool(drawn.isfinite().all())
    for power, moment, slack in ((1, 0, 0.02), (2, 1, 0.03), (3, 0, 0.1), (4, 3, 0.2)):
        assert float((drawn**power).mean()) == pytest.approx(moment, abs=slack)
    beyond = float((drawn.abs() > 3).double().mean())
    assert beyond == pytest.approx(0.0027, abs=0.0008)


def correlation(one, two):
    return abs(float(torch.corrcoef(torch.stack([one.flatten(), two.flatten()]))[0, 1]))


def test_items_streams_and_places_have_nothing_in_common():
    drawn = uniform(KEYS, 50)
    assert correlation(drawn[:-1], drawn[1:]) < 0.02  # neighbours in the data set
    assert correlation(drawn[:, :-1], drawn[:, 1:]) < 0.02  # neighbours in the stream
    for stream in (1, 2, 1000):
        assert correlation(drawn, uniform(KEYS, 50, stream)) < 0.02
    later = uniform(item_keys(7, 1, torch.arange(2000)), 50)
    assert correlation(drawn, later) < 0.02
    noise = normal_like(torch.zeros(2000, 50), KEYS)
    assert correlation(noise[:, :25], noise[:, 25:]) < 0.03  # both numbers of a word
