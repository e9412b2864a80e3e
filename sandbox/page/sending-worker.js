// Sends one request from outside the page.

addEventListener("message", async ({ data: { url, headers, body } }) => {
  try {
    const answer = await fetch(url, { method: "POST", headers, body, credentials: "include" });
    postMessage({ status: answer.status, text: await answer.text() });
  } catch {
    postMessage({ failed: true });
  }
});
