// Sends the secret that stands behind the # of the address, and takes it out of the browser's history.
"use strict";
const form = document.querySelector("form[data-link]");
const secret = location.hash.slice(1);
if (form && secret) {
  history.replaceState(null, "", location.pathname);
  form.elements.secret.value = secret;
  form.requestSubmit();
}
