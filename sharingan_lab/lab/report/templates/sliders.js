"use strict";
// Moves between the pictures that are stored in the page. One slider was turned: of the pictures
// at its position the nearest is shown, and the other sliders go to where that one was drawn.
for (const figure of document.querySelectorAll("figure.turned")) {
  const {sliders, pictures} = JSON.parse(figure.querySelector("script").textContent);
  const [inputs, outputs] = ["input", "output"].map(name => [...figure.querySelectorAll(name)]);
  const shown = figure.querySelector("img"), status = figure.querySelector("[role=status]");
  const turn = turned => {
    const wanted = inputs.map(input => Number(input.value));
    const far = ({at}) => at.reduce((sum, place, i) => sum + Math.abs(place - wanted[i]), 0);
    const nearest = pictures.filter(({at}) => at[turned] === wanted[turned])
      .reduce((best, picture) => far(picture) < far(best) ? picture : best);
    nearest.at.forEach((place, i) => {
      inputs[i].value = place;
      outputs[i].textContent = sliders[i].values[place];
      inputs[i].setAttribute("aria-valuetext", sliders[i].values[place]);
    });
    [shown.src, shown.alt, status.textContent] = [nearest.src, nearest.alt, nearest.alt];
  };
  inputs.forEach((input, i) => input.addEventListener("input", () => turn(i)));
  figure.querySelectorAll(".sliders, .moving").forEach(part => { part.hidden = false; });
  figure.querySelector(".still").hidden = true;
}
