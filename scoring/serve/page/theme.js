// Light or dark colours, or the system's choice. It runs before the first drawing, to avoid a flash.
(() => {
  const STORED = "numerosity colours";
  const NEXT = { automatic: "light", light: "dark", dark: "automatic" };
  const root = document.documentElement;

  function stored() {
    try {
      const found = localStorage.getItem(STORED);
      return found in NEXT ? found : "automatic";
    } catch {
      return "automatic";
    }
  }

  function apply(colours) {
    if (colours === "automatic") delete root.dataset.colours;
    else root.dataset.colours = colours;
  }

  apply(stored());
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    let colours = stored();
    const setLabel = () => (button.textContent = `Colours: ${colours}`);
    setLabel();
    button.addEventListener("click", () => {
      colours = NEXT[colours];
      apply(colours);
      setLabel();
      try {
        localStorage.setItem(STORED, colours);
      } catch {
        // Without storage, the choice lasts until the page is closed.
      }
    });
  });
})();
