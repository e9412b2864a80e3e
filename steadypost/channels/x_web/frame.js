// Asks from a frame of its own, made for this one request. Says whether it asked; afterwards it never will.

const WITHIN = 2000;

return await new Promise((resolve) => {
  const frame = document.createElement("iframe");
  frame.credentialless = true;
  frame.hidden = true;
  frame.src = asked.blank;
  const end = (sent) => {
    clearTimeout(late);
    frame.onload = null;
    if (!sent) frame.remove();
    resolve(sent);
  };
  const late = setTimeout(() => end(false), WITHIN);
  frame.onload = () => {
    try {
      if (frame.contentWindow.location.pathname !== asked.blank) throw new Error("the page lets no frame in");
      const { url, mark: headers } = asked;
      const words = asked.once ? { body: new Response(asked.body).body, duplex: "half" } : { body: asked.body };
      frame.contentWindow.fetch(url, { method: "POST", ...words, headers, redirect: "manual" }).catch(() => {});
      end(true);
    } catch {
      end(false);
    }
  };
  document.documentElement.append(frame);
});
