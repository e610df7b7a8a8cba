// Light, dark, or as the system says; remembered by the browser.

const choices = ["auto", "light", "dark"];
const names = { auto: "Theme: system", light: "Theme: light", dark: "Theme: dark" };

export function start(button) {
  let choice = localStorage.getItem("jetkv-theme");
  if (!choices.includes(choice)) choice = "auto";
  const apply = () => {
    document.documentElement.dataset.theme = choice;
    button.textContent = names[choice];
    localStorage.setItem("jetkv-theme", choice);
  };
  button.addEventListener("click", () => {
    choice = choices[(choices.indexOf(choice) + 1) % choices.length];
    apply();
  });
  apply();
}
