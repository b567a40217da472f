// Shows the API's description. Calls made from the page use the session, so they carry the CSRF token.
const docs = document.getElementById("docs");
SwaggerUIBundle({
  url: docs.dataset.description,
  domNode: docs,
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor(request) {
    request.headers["X-CSRFToken"] = docs.dataset.csrfToken;
    return request;
  },
});
