// Everything on the page comes from this server: it works without the internet.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#page",
  deepLinking: true,
  // The default asks a validator on the internet.
  validatorUrl: null,
});
