// Light, dark, or as the system is; before anything is drawn, so that nothing flashes.
(() => {
  const KEPT = "numerosity colours";
  const NEXT = { automatic: "light", light: "dark", dark: "automatic" };
  const root = document.documentElement;

  function kept() {
    try {
      const found = localStorage.getItem(KEPT);
      return found in NEXT ? found : "automatic";
    } catch {
      return "automatic";
    }
  }

  function take(colours) {
    if (colours === "automatic") delete root.dataset.colours;
    else root.dataset.colours = colours;
  }

  take(kept());
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    let colours = kept();
    const say = () => (button.textContent = `Colours: ${colours}`);
    say();
    button.addEventListener("click", () => {
      colours = NEXT[colours];
      take(colours);
      say();
      try {
        localStorage.setItem(KEPT, colours);
      } catch {
        // Then it holds until the page is closed.
      }
    });
  });
})();
