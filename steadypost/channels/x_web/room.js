// Asks from a page with nothing on it. The answer is read on its way, not here.

const { url, body, mark: headers } = asked;
fetch(url, { method: "POST", body, headers, redirect: "manual" }).catch(() => {});
