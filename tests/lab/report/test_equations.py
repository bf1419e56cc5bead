"""LaTeX of the report and of the lessons, turned into MathML."""

from xml.etree import ElementTree

import pytest

from sharingan_lab.lab.report.equations import EquationError, mathml, mathml_in_text

NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
OF_THE_REPORT = [
    r"I_b = k(M) * I_s + N",
    r"\min_G \max_D V(G, D) = E_{x \sim p_{data}(x)}[\log(D(x))] "
    r"+ E_{z \sim p_z(z)}[\log(1 - (D(G(z))))]",
    r"\min_G \max_{D \in \mathcal{D}} = E_{x \sim \mathcal{P}_r}[D(x)] "
    r"- E_{\tilde{x} \sim \mathcal{P}_g}[D(\tilde{x})]",
    r"\underbrace{E_{x \sim \mathcal{P}_r}[D(x)]}_{\text{WGAN Loss}} + "
    r"\underbrace{\lambda E_{\hat{x} \sim \mathcal{P}_{\hat{x}}}"
    r"[(\|\nabla_{\hat{x}} D(\hat{x})\|_2 - 1)^2]}_{\text{penalty}}",
    r"\mathcal{L} = \mathcal{L}_{Adversarial} + \lambda \mathcal{L}_{Perceptual}",
]


def tree(latex, **settings):
    return ElementTree.fromstring(mathml(latex, **settings))


def texts(element, tag):
    return [e.text for e in element.iter(NAMESPACE + tag)]


@pytest.mark.parametrize("latex", OF_THE_REPORT)
def test_equations_of_the_report_are_drawn_without_a_rest_of_latex(latex):
    drawn = tree(latex, block=True)
    assert not any("\\" in text for text in drawn.itertext())


def test_limits_stand_below_in_a_displayed_equation_only():
    assert tree(r"\min_G x", block=True).find(f".//{NAMESPACE}munder") is not None
    assert tree(r"\min_G x").find(f".//{NAMESPACE}msub") is not None


def test_tilde_is_a_relation():
    assert "\u223c" in texts(tree(r"x \sim p"), "mo")


@pytest.mark.parametrize(
    ("latex", "spaces"),
    [
        (r"q \log 4", ("0.167em", "0.167em")),
        (r"[\log(D)]", ("0", "0")),
        (r"2\log\frac{p}{q}", None),
    ],
)
def test_a_function_keeps_apart_from_its_neighbours(latex, spaces):
    (log,) = (e for e in tree(latex).iter(NAMESPACE + "mo") if e.text == "log")
    assert (log.get("lspace"), log.get("rspace")) == (spaces or ("0.167em", "0.167em"))


def test_aligned_becomes_a_table_of_two_rows():
    drawn = tree(r"\begin{aligned} a &= b \\ &= c \end{aligned}", block=True)
    assert len(list(drawn.iter(f"{NAMESPACE}mtr"))) == 2


def test_script_letters_need_no_braces():
    assert texts(tree(r"\mathcal D"), "mi") == texts(tree(r"\mathcal{D}"), "mi") == ["\U0001d49f"]


def test_a_brace_below_is_drawn_by_the_style_sheet():
    drawn = tree(r"\underbrace{a + b}_{\text{sum}}", block=True)
    assert drawn.find(f".//{NAMESPACE}mrow[@class='underbrace']") is not None
    assert "\u23df" not in "".join(drawn.itertext())


@pytest.mark.parametrize("latex", [r"\nosuchmacro", r"\frac{a}{b", r"\left( a", "a & b", "a^b^c"])
def test_what_cannot_be_drawn_is_refused_with_its_source(latex):
    with pytest.raises(EquationError) as caught:
        mathml(latex)
    assert latex in str(caught.value)


def test_html_around_equations_stays_and_entities_are_read():
    drawn = mathml_in_text("<td>$a &lt; b$</td><td>costs $3</td>", pytest.fail)
    assert drawn.startswith("<td><math")
    assert drawn.endswith("</math></td><td>costs $3</td>")
    assert "&lt;" in drawn
    assert mathml_in_text("costs $5 and 3 $", pytest.fail) == "costs $5 and 3 $"


def test_an_undrawn_equation_in_an_output_is_told_and_left():
    told = []
    assert mathml_in_text(r"$\nosuchmacro$", told.append) == r"$\nosuchmacro$"
    assert len(told) == 1
