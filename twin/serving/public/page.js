// The page follows the theme of the system until its reader chooses one.
if (!localStorage.getItem("vite-ui-theme")) localStorage.setItem("vite-ui-theme", "system");

// React has shown, and done what follows from it, all that came before the server asks this: so the
// server knows when the sources that it opens stay open, and whether they would hide the answer.
window.addEventListener("chainlit-call-fn", ({ detail }) => {
  if (detail.name === "settled") detail.callback({ wide: window.innerWidth >= 768 });
});
