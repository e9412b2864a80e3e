// Asks from a page with nothing on it, and ends with the request. The answer is read on its way, not here.

const { url, mark: headers } = asked;
const words = asked.once ? { body: new Response(asked.body).body, duplex: "half" } : { body: asked.body };
await fetch(url, { method: "POST", ...words, headers, redirect: "manual" }).catch(() => {});
