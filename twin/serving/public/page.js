// The page follows the theme of the system until its reader chooses one.
if (!localStorage.getItem("vite-ui-theme")) localStorage.setItem("vite-ui-theme", "system");
