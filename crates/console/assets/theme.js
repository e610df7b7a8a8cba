// Light, dark, or as the system says; remembered by the browser.

import { fill, h } from "./dom.js";

const choices = ["auto", "light", "dark"];
const signs = { auto: "◐", light: "☀", dark: "☾" };
const names = { auto: "Theme: system", light: "Theme: light", dark: "Theme: dark" };

export function start(button) {
  let choice = localStorage.getItem("jetkv-theme");
  if (!choices.includes(choice)) choice = "auto";
  const apply = () => {
    document.documentElement.dataset.theme = choice;
    fill(button, signs[choice], h("span", {}, ` ${names[choice]}`));
    button.setAttribute("aria-label", names[choice]);
    localStorage.setItem("jetkv-theme", choice);
  };
  button.addEventListener("click", () => {
    choice = choices[(choices.indexOf(choice) + 1) % choices.length];
    apply();
  });
  apply();
}
