// The other page: no test ids, buttons that are not <button>, words in another language.

const h = (tag, attributes = {}, ...inside) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made[name] = value;
    else if (value !== null && value !== false) made.setAttribute(name, value);
  }
  made.append(...inside.filter((one) => one !== null && one !== undefined));
  return made;
};

const WORDS = {
  pt: { post: "Postar", add: "Adicionar post", close: "Fechar", drafts: "Rascunhos", all: "Todos", who: "Qualquer pessoa pode responder", reply: "Responder", retry: "Tentar novamente", wrong: "Algo deu errado. Tente recarregar.", save: "Salvar", alt: "Editar descrição", drop: "Descartar post?", yes: "Descartar", no: "Cancelar", answering: "Respondendo a", media: "Mídia", gone: "Este post foi excluído." },
  ko: { post: "게시하기", add: "게시물 추가", close: "닫기", drafts: "초안", all: "전체 공개", who: "모든 사람이 답글을 달 수 있습니다", reply: "답글", retry: "다시 시도", wrong: "문제가 발생했습니다.", save: "저장", alt: "설명 추가", drop: "삭제할까요?", yes: "삭제", no: "취소", answering: "답글 받는 사람", media: "미디어", gone: "삭제된 게시물입니다." },
  de: { post: "Posten", add: "Beitrag hinzufügen", close: "Schließen", drafts: "Entwürfe", all: "Alle", who: "Alle können antworten", reply: "Antworten", retry: "Erneut versuchen", wrong: "Etwas ist schiefgelaufen.", save: "Speichern", alt: "Beschreibung", drop: "Entwurf verwerfen?", yes: "Verwerfen", no: "Abbrechen", answering: "Antwort an", media: "Medien", gone: "Dieser Beitrag wurde gelöscht." },
  ar: { post: "نشر", add: "إضافة منشور", close: "إغلاق", drafts: "المسودات", all: "الجميع", who: "يمكن للجميع الرد", reply: "رد", retry: "إعادة المحاولة", wrong: "حدث خطأ ما.", save: "حفظ", alt: "تعديل الوصف", drop: "تجاهل المسودة؟", yes: "تجاهل", no: "إلغاء", answering: "الرد على", media: "الوسائط", gone: "تم حذف هذا المنشور." },
};
const t = WORDS[scene.lang ?? "pt"];

const STYLE = `
  body { margin: 0; font: 15px sans-serif } .row { display: flex; gap: 8px; align-items: center }
  [role=button] { padding: 6px 12px; cursor: pointer; background: transparent; border-radius: 16px }
  .big { background: rgb(15, 20, 25); color: white } .line { border: 1px solid #ccc }
  .big[aria-disabled=true], .big:disabled { background: rgb(135, 138, 140) }
  .mask { position: fixed; inset: 0; background: rgba(0,0,0,.4) }
  .win { position: absolute; left: 300px; top: 60px; width: 600px; background: white; padding: 12px; max-height: 80vh; overflow: auto }
  .box { min-height: 60px; outline: none; white-space: pre-wrap } .pic img { width: 80px; height: 80px }
  svg { width: 18px; height: 18px; background: currentColor } textarea { width: 400px }`;
document.head.append(h("style", {}, STYLE));
if (scene.lang === "ar") document.documentElement.dir = "rtl";

const button = (words, kind, onclick, more = {}) =>
  h(scene.tag ?? "div", { role: "button", tabindex: "0", class: kind, onclick, ...more }, words === null ? document.createElementNS("http://www.w3.org/2000/svg", "svg") : h("span", {}, words));
const icon = (label, onclick, more = {}) => button(null, "", onclick, { "aria-label": label, ...more });

const layers = h("div", { id: scene.layers ?? "layers" });
const root = document.getElementById("react-root");
const target = location.pathname.match(/\/status\/(\d+)/)?.[1] ?? null;

// -- the page itself

const shell = (middle) =>
  root.replaceChildren(
    h("header", { role: "banner" }, h("nav", { role: "navigation" }, h("a", { href: "/home" }, "Início"), " ", h("a", { href: "/explore" }, "Explorar"), " ", h("a", { href: "/alice" }, "Perfil")),
      h("div", { role: "button", "aria-haspopup": "menu" }, h("img", { alt: "", width: 20, height: 20, src: "data:," }), "Alice @alice")),
    h("main", { role: "main" }, middle), scene.tell ? h("a", { href: "/carol", "data-testid": scene.tell }, "C") : "", layers);

/** Something slips under the pointer as it reaches a button, as often as the scene says, and tells what it hears. */
let slipped = 0;
const slipsOver = (under) =>
  document.addEventListener("pointermove", ({ clientX: x, clientY: y }) => {
    if (slipped === scene.slips || !under.contains(document.elementFromPoint(x, y))) return;
    slipped += 1;
    const other = h("div", { style: `position:fixed;left:${x - 40}px;top:${y - 20}px;width:80px;height:40px;background:white;z-index:9` });
    for (const name of ["pointerdown", "mousedown", "pointerup", "mouseup", "click"])
      other.addEventListener(name, () => fetch("/i/log", { method: "POST", body: JSON.stringify({ heard: name }) }));
    document.body.append(other);
    setTimeout(() => other.remove(), 400);
  });

// -- what is sent

let sent = 0;

/** Keeps the post, and sends it when the page goes away. */
const outbox = () => {
  const body = JSON.stringify({ variables: { tweet_text: parts[0].text.trim() } });
  const go = () => {
    if (scene.flush === "beacon") navigator.sendBeacon(scene.flush_to ?? ADDRESS, new Blob([body], { type: "application/json" }));
    else fetch(scene.flush_to ?? ADDRESS, { method: "POST", keepalive: true, headers: { "content-type": "application/json" }, body }).catch(() => {});
  };
  for (const event of ["pagehide", "visibilitychange", "freeze", "unload", "beforeunload"]) (event === "visibilitychange" ? document : window).addEventListener(event, go, { once: true });
};
/** A window of its own sends the post: what it sends passes by whoever watches this page. */
const elsewhere = () => {
  localStorage.setItem("to_send", parts[0].text.trim());
  window.open("/sends", "_blank", "popup,noopener");
};
const sendFromHere = () => {
  const variables = { tweet_text: localStorage.getItem("to_send"), media: { media_entities: [] } };
  fetch("/i/api/graphql/q1W2e3/CreateTweet", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ variables, queryId: "q1W2e3" }) });
};

const ADDRESS = "/i/api/graphql/q1W2e3/CreateTweet";
const parsed = (text) => { try { return JSON.parse(text); } catch { return null; } };

const SOCKET = `onmessage = ({ data: [address, say] }) => { const line = new WebSocket(address); line.onopen = () => line.send(JSON.stringify({ say })); }`;

/** A way that leads nowhere here: what counts is that it was open. */
const elsewise = (line) => line.ready?.catch(() => {});

const line_of = (text) => new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));

/** A worker from the beginning: one that does its own work only, one that keeps a way to send. */
const WORKERS = {
  idle: `onmessage = ({ data }) => postMessage(data);`,
  keeps: `const way = globalThis.WebTransport; onmessage = () => { try { new way("https://127.0.0.1:9/").ready.catch(() => {}); } catch { } };`,
};
const kept_worker = scene.worker ? line_of(WORKERS[scene.worker]) : null;

/** The ways in which a page may send: what is answered, or nothing where it cannot know. */
const SENDERS = {
  fetch: async (body) => (await fetch(ADDRESS, { method: "POST", headers: { "content-type": "application/json" }, body })).json(),
  keepalive: async (body) => (await fetch(ADDRESS, { method: "POST", keepalive: true, headers: { "content-type": "application/json" }, body })).json(),
  bytes: async (body) => (await fetch(ADDRESS, { method: "POST", headers: { "content-type": "application/json" }, body: new TextEncoder().encode(body) })).json(),
  xhr: (body) => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", ADDRESS);
    request.setRequestHeader("content-type", "application/json");
    request.onload = () => resolve(parsed(request.responseText));
    request.onerror = reject;
    request.send(body);
  }),
  blocking: async (body) => {
    const request = new XMLHttpRequest();
    request.open("POST", ADDRESS, false);
    request.setRequestHeader("content-type", "application/json");
    request.send(body);
    return parsed(request.responseText);
  },
  beacon: async (body) => (navigator.sendBeacon(ADDRESS, new Blob([body], { type: "application/json" })), layers.replaceChildren()),
  worker: (body) => new Promise((resolve) => {
    const text = `onmessage = async ({ data }) => postMessage(await (await fetch(data[0], { method: "POST", headers: { "content-type": "application/json" }, body: data[1] })).json())`;
    const worker = new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage([new URL(ADDRESS, location.href).href, body]);
  }),
  shared: (body) => {
    if (!globalThis.SharedWorker) return SENDERS.fetch(body);
    const text = `onconnect = ({ ports: [port] }) => { port.onmessage = async ({ data }) => port.postMessage(await (await fetch(data[0], { method: "POST", headers: { "content-type": "application/json" }, body: data[1] })).json()); }`;
    const { port } = new SharedWorker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
    return new Promise((resolve) => {
      port.onmessage = ({ data }) => resolve(data);
      port.postMessage([new URL(ADDRESS, location.href).href, body]);
    });
  },
  nested: (body) => new Promise((resolve) => {
    const inner = `onmessage = async ({ data }) => postMessage(await (await fetch(data[0], { method: "POST", headers: { "content-type": "application/json" }, body: data[1] })).json())`;
    const outer = `const inside = new Worker(URL.createObjectURL(new Blob([${JSON.stringify(inner)}]))); onmessage = ({ data }) => inside.postMessage(data); inside.onmessage = ({ data }) => postMessage(data);`;
    const worker = new Worker(URL.createObjectURL(new Blob([outer], { type: "text/javascript" })));
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage([new URL(ADDRESS, location.href).href, body]);
  }),
  later: (body) => {
    if (!globalThis.fetchLater) return SENDERS.fetch(body);
    fetchLater(ADDRESS, { method: "POST", headers: { "content-type": "application/json", "x-by": "fetchLater" }, body });
    return new Promise(() => {});
  },
  inside: (body) => {
    const frame = document.body.appendChild(h("iframe", { src: "/i/frame" }));
    return new Promise((resolve) => {
      frame.onload = async () => resolve(await (await frame.contentWindow.fetch(ADDRESS, { method: "POST", headers: { "content-type": "application/json" }, body })).json());
    });
  },
  ready: async (body) => {
    if (navigator.serviceWorker) {
      await navigator.serviceWorker.register("/sw.js").catch(() => null);
      await navigator.serviceWorker.ready;
    }
    return SENDERS.fetch(body);
  },
  foreign: (body) => {
    const frame = document.body.appendChild(h("iframe", { src: `http://localhost:${location.port}/i/sender` }));
    return new Promise((resolve) => {
      addEventListener("message", ({ data }) => resolve(data));
      frame.onload = () => frame.contentWindow.postMessage([ADDRESS, body], "*");
    });
  },
  foreign_worker: (body) => {
    const frame = document.body.appendChild(h("iframe", { src: `http://localhost:${location.port}/i/worker_sender` }));
    return new Promise((resolve) => {
      addEventListener("message", ({ data }) => resolve(data));
      frame.onload = () => frame.contentWindow.postMessage([ADDRESS, body], "*");
    });
  },
  foreign_transport: () => new Promise(() => document.body.appendChild(h("iframe", { src: `http://localhost:${location.port}/i/worker_transport` }))),
  foreign_socket: () => new Promise(() => {
    const frame = document.body.appendChild(h("iframe", { src: `http://localhost:${location.port}/i/socket_sender` }));
    frame.onload = () => frame.contentWindow.postMessage([`ws://localhost:${location.port}/socket`, parts[0].text.trim()], "*");
  }),
  transport: (body) => (globalThis.WebTransport ? new Promise(() => elsewise(new WebTransport("https://127.0.0.1:9/"))) : SENDERS.fetch(body)),
  worker_transport: () => new Promise(() => line_of(`try { const line = new WebTransport("https://127.0.0.1:9/"); line.ready.catch(() => {}); } catch { }`)),
  kept_transport: () => new Promise(() => kept_worker.postMessage("send")),
  nested_transport: () => new Promise(() => line_of(`new Worker(URL.createObjectURL(new Blob(["try { new WebTransport('https://127.0.0.1:9/') } catch { }"])));`)),
  peers: (body) => (globalThis.RTCPeerConnection ? new Promise(() => elsewise(new RTCPeerConnection())) : SENDERS.fetch(body)),
  service: async (body) => {
    const comes = navigator.serviceWorker?.register("/sw.js").then(() => navigator.serviceWorker.ready).catch(() => null);
    await Promise.race([comes, new Promise((resolve) => setTimeout(resolve, 300))]);
    return SENDERS.fetch(body);
  },
  form: (body) => new Promise(() => {
    const form = h("form", { method: "post", action: ADDRESS, enctype: "text/plain" }, h("input", { type: "hidden", name: body, value: "" }));
    document.body.append(form);
    form.submit();
  }),
  socket: () => new Promise(() => {
    const line = new WebSocket(`ws://${location.host}/socket`);
    line.onopen = () => line.send(JSON.stringify({ say: parts[0].text.trim() }));
  }),
  worker_socket: () => new Promise(() => {
    const worker = new Worker(URL.createObjectURL(new Blob([SOCKET], { type: "text/javascript" })));
    worker.postMessage([`ws://${location.host}/socket`, parts[0].text.trim()]);
  }),
  nested_socket: () => new Promise(() => {
    const outer = `const inside = new Worker(URL.createObjectURL(new Blob([${JSON.stringify(SOCKET)}]))); onmessage = ({ data }) => inside.postMessage(data);`;
    const worker = new Worker(URL.createObjectURL(new Blob([outer], { type: "text/javascript" })));
    worker.postMessage([`ws://${location.host}/socket`, parts[0].text.trim()]);
  }),
  query: async (body) => (await fetch(`${ADDRESS}?variables=${encodeURIComponent(JSON.stringify(JSON.parse(body).variables))}`)).json(),
  urlencoded: async (body) => (await fetch("/1.1/statuses/update.json", { method: "POST", body: new URLSearchParams({ status: JSON.parse(body).variables.tweet_text }) })).json(),
  multipart: async (body) => {
    const form = new FormData();
    form.append("text", JSON.parse(body).variables.tweet_text);
    return (await fetch("/i/api/publish", { method: "POST", body: form })).json();
  },
  guarded: async (body) => (await fetch("/i/api/publish", { method: "POST", body: `for(;;);${JSON.stringify({ say: JSON.parse(body).variables.tweet_text })}` })).json(),
  squeezed: async (body) => {
    const bytes = new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"));
    return (await fetch("/i/api/publish", { method: "POST", headers: { "x-squeezed": "1" }, body: await new Response(bytes).arrayBuffer() })).json();
  },
  coded: async (body) => (await fetch("/i/api/publish", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ payload: btoa(body) }) })).json(),
  sealed: async () => {
    const sealed = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(64))));
    return (await fetch("/i/api/publish", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ sealed }) })).json();
  },
  log: async (body) => {
    fetch("/i/log", { method: "POST", body: new Uint8Array([255, 254, 0, 200]) }).catch(() => {});
    return SENDERS.fetch(body);
  },
  twice: async (body) => SENDERS.fetch(JSON.stringify({ ...JSON.parse(body), also: [JSON.parse(body)] })),
  batch: async (body) => (await fetch("/i/api/graphql/batch", { method: "POST", headers: { "content-type": "application/json" }, body: `[${body},${body}]` })).json(),
  both: async (body) => (await Promise.all([SENDERS.fetch(body), SENDERS.fetch(body)]))[0],
};

const send = async () => {
  sent += 1;
  if (scene.sheet_after && sent <= (scene.sheet_times ?? 1)) return scene_sheet(scene.sheet_after);
  if (scene.confirm && !(await agreed(scene.confirm))) return;
  if (scene.at_click === "dead") return;
  if (scene.at_click === "counted") return void fetch("/i/log", { method: "POST", body: JSON.stringify({ clicked: "post" }) }).catch(() => {});
  if (scene.at_click === "crash") return void (location.href = "chrome://crash");
  if (scene.at_click === "close") return window.close();
  if (scene.at_click === "blank") return void document.documentElement.remove();
  if (scene.at_click === "home") return void (location.href = "/home");
  if (scene.at_click === "login") return void (location.href = "/i/flow/login?redirect_after_login=%2Fcompose%2Fpost");
  if (scene.at_click === "window") return void elsewhere();
  if (scene.at_click === "outbox") return void outbox();
  if (scene.at_click === "gone") return layers.replaceChildren();
  if (scene.at_click === "wrong") return interstitial();
  let above = target;
  for (const part of parts) {
    const variables = { tweet_text: part.text.trim(), media: { media_entities: part.pictures.map((p) => ({ media_id: p.id, alt: p.alt })) } };
    if (above) variables.reply = { in_reply_to_tweet_id: above, exclude_reply_user_ids: [] };
    const told = await SENDERS[scene.send_by ?? "fetch"](JSON.stringify({ variables, queryId: "q1W2e3" })).catch(() => null);
    if (scene.toast_other) document.body.append(h("div", { role: "status", "data-testid": "toast", style: "position:fixed;left:0;bottom:0" }, h("a", { href: `/bob/status/${scene.toast_other}` }, "Ver")));
    above = told?.data?.create_tweet?.tweet_results?.result?.rest_id;
    if (!above && scene.asks_again && window.confirm(t.retry)) return send();
    if (!above) return interstitial();
  }
  layers.replaceChildren();
};

/** What a page may ask in a window of the browser's own before it sends. */
const agreed = async (how) => {
  switch (how) {
    case "late": return (await new Promise((resolve) => setTimeout(resolve, 600)), window.confirm(t.who));
    case "twice": return window.confirm(t.who) && window.confirm(t.who);
    case "human": return window.confirm("Please verify that you are human");
    case "told": return (window.alert(t.who), true);
    case "prompt": return window.prompt(t.who) !== null;
    default: return window.confirm(t.who);
  }
};

/** "Something went wrong, try again": the big button would send once more. */
const interstitial = () =>
  layers.append(h("div", { class: "mask" }, h("div", { class: "win", role: "alertdialog", "aria-modal": "true" }, h("p", {}, t.wrong), button(t.retry, "big", () => send()))));

const scene_sheet = (which) => {
  const close = () => sheet.remove();
  const go = () => { close(); sent = 99; send(); };
  const shapes = {
    two: [button(t.yes, "big", close), button(t.who, "line", go)],
    one: [button("OK", "big", go)],
    told: [button("확인", "big", close)],
    fades: [button("Weiter", "big", () => setTimeout(close, 400))],
    stays: [button("OK", "big", () => {})],
    linked: [h("a", { href: "/settings/safety" }, "?"), button("OK", "big", go)],
    filled: [h("input", { type: "text" }), button("OK", "big", go)],
    framed: [h("iframe", { srcdoc: "<p>?</p>", width: 80, height: 80 }), button("OK", "big", go)],
    draft: [button(t.yes, "big", () => layers.replaceChildren()), button(t.no, "line", close)],
  };
  const win = h("div", { class: "win" }, h("h2", {}, t.drop), ...shapes[which]);
  const wraps = {
    dialog: () => h("div", { class: "mask" }, (win.setAttribute("role", "dialog"), win)),
    native: () => h("dialog", {}, win),
    shadow: () => {
      const host = h("div");
      host.attachShadow({ mode: "open" }).append(h("style", {}, STYLE), h("div", { class: "mask" }, (win.setAttribute("role", "dialog"), win)));
      return host;
    },
    below: () => h("div", { class: "mask" }, h("div", { role: "dialog" }, h("div", { role: "dialog", "aria-modal": "true" }, win))),
    popover: () => h("div", { popover: "manual" }, win),
    nested: () => h("div", { role: "dialog", class: "mask" }, (win.setAttribute("role", "group"), win)),
    plain: () => h("div", { class: "mask" }, win),
  };
  const sheet = wraps[scene.sheet_wrap ?? "dialog"]();
  layers.append(sheet);
  if (sheet.showModal) sheet.showModal();
  if (sheet.popover) sheet.showPopover();
};

// -- the box

const parts = [];
let composerRoot;
let submit;
let checked = 0;
let changes = 0;

const ready = () => changes <= (scene.most_changes ?? Infinity) && parts.length > 0 && parts.every((part) => (part.text.trim() !== "" || part.pictures.length > 0) && part.pictures.every((p) => p.id || scene.eager));
const set = (element, on) => "disabled" in element ? (element.disabled = !on) : (on ? element.removeAttribute("aria-disabled") : element.setAttribute("aria-disabled", "true"));

const refresh = () => {
  if (!submit) return;
  const late = scene.enable_late ?? 0;
  if (!late) return set(submit, ready());
  set(submit, false);
  const mine = ++checked;
  setTimeout(() => mine === checked && set(submit, ready()), late);
};

/** What the browser itself made of what was typed: a div for each line but the first. */
const said = (box) => [...box.childNodes].map((one, n) => (n && one.nodeName === "DIV" ? "\n" : "") + (one.nodeName === "BR" ? (one.nextSibling && one.nextSibling.nodeName !== "DIV" ? "\n" : "") : one.textContent)).join("").replaceAll("\u00a0", " ");

/** A box whose text is kept in the program and drawn from it; the caret is always at the end, or all is marked. */
const makeBox = (part) => {
  const kind = scene.box ?? "blocks";
  if (kind === "textarea") {
    const area = h("textarea", { class: "box", "aria-label": t.post, rows: 3 });
    area.oninput = () => { part.text = area.value; changes += 1; refresh(); };
    return area;
  }
  const how = { plain: { contenteditable: "plaintext-only", role: "textbox" }, bare: { contenteditable: "", "aria-label": t.post, tabindex: "0" }, combo: { contenteditable: "true", role: "combobox", "aria-autocomplete": "list" }, blocks: { contenteditable: "true", role: "textbox", "aria-multiline": "true" }, breaks: { contenteditable: "true", role: "textbox" } };
  const box = h("div", { class: "box", ...how[kind], spellcheck: "false" });
  if (scene.collapses) box.style.whiteSpace = "normal";
  if (scene.pasted === "dropped") box.onpaste = (event) => event.preventDefault();
  if (kind === "plain" || kind === "bare") {
    box.oninput = () => { part.text = said(box); refresh(); changed(part, box); };
    return box;
  }
  const draw = () => {
    const lines = part.text.split("\n");
    if (kind === "breaks") box.replaceChildren(h("p", {}, ...lines.flatMap((line, n) => (n ? [h("br"), line] : [line])).filter((one) => one !== ""), ...(part.text === "" || part.text.endsWith("\n") ? [h("br")] : [])));
    else box.replaceChildren(...lines.map((line) => h("div", { class: "l" }, h("span", {}, line || h("br")))));
    const range = document.createRange();
    range.selectNodeContents(box);
    range.collapse(false);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  };
  const all = () => { const chosen = getSelection(); return !chosen.isCollapsed && chosen.toString().replace(/\s/g, "").length >= part.text.replace(/\s/g, "").length; };
  box.addEventListener("beforeinput", (event) => {
    event.preventDefault();
    const before = all() ? "" : part.text;
    const given = event.data ?? event.dataTransfer?.getData("text/plain") ?? "";
    if (/^delete/.test(event.inputType)) part.text = all() ? "" : [...part.text].slice(0, -1).join("");
    else if (/^insert(Paragraph|LineBreak)/.test(event.inputType)) part.text = `${before}\n`;
    else part.text = before + given;
    draw();
    refresh();
    changed(part, box);
  });
  box.addEventListener("paste", (event) => { event.preventDefault(); part.text = (all() ? "" : part.text) + event.clipboardData.getData("text/plain"); draw(); refresh(); });
  draw();
  return box;
};

const changed = (part, box) => {
  changes += 1;
  if (scene.redraw_at && changes === scene.redraw_at) {
    const anew = makeBox((parts[parts.indexOf(part)] = Object.assign(part, { text: "" })));
    box.replaceWith(anew);
    refresh();
  }
  if (scene.while_typing === "login" && changes === 1) location.href = "/i/flow/login";
  if (scene.while_typing === "blur" && changes === 1) box.blur();
  if (scene.popup && /[@#]\w+$/.test(part.text)) setTimeout(() => popup(part), scene.popup_late ?? 0);
};

/** Suggestions that lie over the button until the word ends or Escape is pressed. */
const popup = (part) => {
  if (!/[@#]\w+$/.test(part.text)) return;
  document.getElementById("sug")?.remove();
  const { left, top } = submit.getBoundingClientRect();
  const options = ["bob", "bobby"].map((name) => h(scene.popup === "menu" ? "a" : "div", { role: scene.popup === "menu" ? "menuitem" : "option", onclick: () => { part.text += "WRONG"; } }, `@${name}`));
  const list = h("div", { id: "sug", role: scene.popup === "menu" ? "menu" : scene.popup === "list" ? "listbox" : "presentation", style: `position:fixed;left:${left - 80}px;top:${top - 10}px;width:240px;height:80px;background:#fff;z-index:9` }, ...options);
  layers.append(list);
  const watch = setInterval(() => { if (!/[@#]\w+$/.test(part.text)) { clearInterval(watch); list.remove(); } }, 40);
};
document.addEventListener("keydown", (event) => {
  const list = document.getElementById("sug");
  if (event.key === "Escape") {
    if (list) return list.remove();
    if (parts.some((part) => part.text)) return scene_sheet("draft");
  }
  if (!scene.shortcuts) return;
  const inside = event.target.closest?.('[contenteditable], textarea');
  // Every letter does something as soon as the box has not the caret.
  if (!inside) location.href = `/${event.key === "Backspace" ? "home" : "explore"}`;
  if (inside && event.ctrlKey && event.key === "Enter") send();
});

/** A box drawn anew with what its part holds. */
const drawn = (part) => {
  const box = makeBox(part);
  if (box.tagName === "TEXTAREA") box.value = part.text;
  else if (box.oninput) box.textContent = part.text;
  return box;
};

// -- pictures

/** Once all are there, the page puts them in another order. */
const reorder = (part, holder) => {
  if (!scene.reorders || part.pictures.length < 2 || !part.pictures.every((one) => one.id)) return;
  part.pictures.reverse();
  holder.append(...[...holder.children].reverse());
};

const attach = (part, holder, files) => {
  for (const file of files) {
    const picture = { id: null, alt: "", source: URL.createObjectURL(file) };
    part.pictures.push(picture);
    const bar = scene.bar === "progress" ? h("progress", { max: 100, value: 99 }) : h("div", { role: "progressbar", style: "width:40px;height:4px;background:blue" });
    const image = h("img", { src: picture.source, alt: "" });
    const card = h("div", { class: "pic", role: "group" }, image, icon(t.close, () => card.remove()));
    const links = scene.alt === "links" || scene.alt === "link";
    if (scene.alt === "apart") describeApart(picture, image, card, holder);
    else if (!links) card.append(button(t.alt, "line", () => describe(picture, image, card)));
    holder.append(card);
    if (links) describeByLink(part, picture, image, card, holder);
    if (!scene.silent_upload) card.append(bar);
    fetch("/i/media/upload.json", { method: "POST" }).then((r) => r.json()).then((told) => setTimeout(() => { picture.id = told.media_id_string; bar.remove(); refresh(); reorder(part, holder); }, scene.processing ?? 0));
  }
  refresh();
};

/** One editor for all pictures of a part, one after the other; what was written is kept when one goes on. */
const carousel = (part, picture, cards) => {
  let n = part.pictures.indexOf(picture);
  const image = h("img", { style: "width:100px;height:100px" });
  const field = h("textarea", { "aria-label": t.alt });
  const keep = () => { part.pictures[n].alt = field.value; cards[n].alt = field.value; };
  const show = () => { image.src = part.pictures[n].source; field.value = part.pictures[n].alt; };
  const row = h("div", { role: "navigation" });
  const choices = () => row.replaceChildren(...part.pictures.map((_, m) => button(`${m + 1}`, "line", () => step(m - n), { "aria-current": m === n ? "true" : null })));
  const step = (by) => { keep(); n = (n + by + part.pictures.length) % part.pictures.length; show(); choices(); };
  const apart = h("div", { class: "mask" }, h("div", { class: "win", role: "dialog", "aria-modal": "true" }, icon(t.close, () => apart.remove()), image, scene.steps === "choices" ? row : h("div", { class: "row" }, icon("‹", () => step(-1)), icon("›", () => step(1))), field, button(t.save, "big", () => { keep(); apart.remove(); })));
  layers.append(apart);
  show();
  choices();
  field.focus();
};

/** What leads to the descriptions of all pictures is a link in their group, and another link before it. */
const describeByLink = (part, picture, image, card, holder) => {
  holder.setAttribute("role", "group");
  const link = (to, words, onclick) => h("a", { href: `/compose/post/${to}`, role: "link", onclick: (event) => { event.preventDefault(); onclick(); } }, words);
  holder.querySelector("p")?.remove();
  const open = () => carousel(part, part.pictures[0], [...holder.querySelectorAll(".pic > img")]);
  const people = scene.alt === "links" ? link("tags", t.who, () => {}) : "";
  holder.append(h("p", {}, people, " ", link("alt", t.alt, open)));
};

/** What describes each picture stands apart from it, with that of the others. */
const describeApart = (picture, image, card, holder) => {
  const row = holder.querySelector("p") ?? h("p");
  row.append(button("ALT", "line", () => describe(picture, image, card)));
  holder.append(row);
};

const describe = (picture, image, card) => {
  const kind = scene.alt ?? "dialog";
  if (kind === "carousel") {
    const part = parts.find((one) => one.pictures.includes(picture));
    return carousel(part, scene.opens_first ? part.pictures[0] : picture, [...card.parentElement.querySelectorAll(".pic > img")]);
  }
  const field = kind === "input" ? h("input", { type: "text", "aria-label": t.alt }) : kind === "editable" ? h("div", { contenteditable: "true", role: "textbox", "aria-label": t.alt, style: "min-height:30px" }) : h("textarea", { "aria-label": t.alt });
  const keep = () => { picture.alt = field.value ?? field.innerText; image.alt = picture.alt; apart.remove(); };
  const inside = [h("img", { src: picture.source, style: "width:100px;height:100px" }), field, button(t.save, "big", keep)];
  const apart = kind === "inline" ? h("div", { class: "row" }, ...inside.slice(1)) : h("div", { class: "mask" }, h("div", { class: "win", role: "dialog", "aria-modal": "true" }, icon(t.close, () => apart.remove()), ...inside));
  (kind === "inline" ? card.parentElement : layers).append(apart);
  field.focus();
};

const fileField = (part, holder, more = {}) => {
  const field = h("input", { type: "file", accept: "image/jpeg,image/png,video/mp4", multiple: "", style: "display:none", ...more });
  field.onchange = () => { if ([...field.files].every((file) => field.accept.includes(file.type))) attach(part, holder, [...field.files]); field.value = ""; };
  return field;
};

const mediaTools = (part, holder) => {
  switch (scene.media) {
    case "two": return [fileField(part, holder, { accept: "video/mp4,video/quicktime" }), fileField(part, holder)];
    case "single": { const field = fileField(part, holder); field.removeAttribute("multiple"); return [field]; }
    case "chooser": return [icon(t.media, () => { const field = fileField(part, holder); field.click(); })];
    default: return [icon(t.media, () => {}), fileField(part, holder)];
  }
};

// -- the composer

const addPart = (where) => {
  // Adding a part draws those before it anew, with what is in them.
  if (scene.redraw_parts) for (const [n, before] of parts.entries()) where.querySelectorAll(".box")[n].replaceWith(drawn(before));
  const part = { text: "", pictures: [] };
  const holder = h("div", { class: "row" });
  parts.push(part);
  const box = makeBox(part);
  where.append(h("div", {}, h("div", { class: "row" }, h("img", { alt: "", src: "data:,", width: 30, height: 30 }), h("div", { style: "flex:1" }, box)), holder, h("div", { class: "row", role: "navigation" }, h("div", { role: "tablist", class: "row" }, ...mediaTools(part, holder), icon("GIF", () => {}), icon("Emoji", () => {})))));
  box.focus();
  refresh();
  return box;
};

/** A draft of two parts that the browser keeps for this site. */
const restore = (where) => {
  if (scene.restores && scene.loads === 1) localStorage.setItem("draft", "yes");
  if (scene.restores && localStorage.getItem("draft")) addPart(where);
};

const openComposer = () => {
  parts.length = 0;
  const boxes = h("div");
  submit = button(t.post, "big", () => submit.getAttribute("aria-disabled") !== "true" && send(), { "aria-disabled": "true" });
  const clicked = () => ready() && send();
  const submits = {
    input: () => h("input", { type: "submit", class: "big", value: t.post, disabled: "" }),
    image: () => h("input", { type: "image", class: "big", alt: t.post, src: "data:,", width: 60, height: 30, disabled: "" }),
    button: () => h("button", { type: "submit", class: "big", disabled: "" }, t.post),
    link: () => h("a", { role: "button", class: "big", href: "#", onclick: (event) => { event.preventDefault(); clicked(); }, "aria-disabled": "true" }, t.post),
  };
  const both = { role: "button", onclick: clicked, "aria-disabled": "true" };
  submits.gradient = () => h("div", { ...both, style: "background:linear-gradient(90deg, rgb(29,155,240), rgb(120,80,240));color:white" }, t.post);
  submits.inner = () => h("div", { ...both, style: "padding:0" }, h("div", { class: "big", style: "padding:6px 12px" }, t.post));
  if (scene.submit) submit = submits[scene.submit]();
  const addByLink = () => h("a", { href: "/compose/post", role: "link", "aria-label": t.add, onclick: (event) => { event.preventDefault(); addPart(boxes); } }, document.createElementNS("http://www.w3.org/2000/svg", "svg"));
  const add = scene.add === "link" ? addByLink() : icon(t.add, () => addPart(boxes));
  const who = button(t.who, "", () => {});
  const named = scene.named ?? "@bob";
  const context = target ? h("div", {}, h("span", {}, t.answering), " ", button(named, "", () => {})) : button(`${t.all} ▾`, "line", () => {});
  const head = h("div", { class: "row" }, icon(t.close, () => (parts.some((one) => one.text) ? scene_sheet("draft") : layers.replaceChildren())), button(t.drafts, "", () => {}));
  if (scene.slips) slipsOver(submit);
  const foot = h("div", { class: "row", role: scene.foot ?? null }, h("span", {}, "280"), add, submit);
  const make = {
    nested: () => h("div", { class: "mask" }, h("div", {}, h("div", { class: "win", role: "dialog", "aria-modal": "true", "aria-labelledby": "x1" }, h("div", {}, head, context, boxes, who, foot)))),
    native: () => h("dialog", { class: "win" }, head, context, boxes, who, foot),
    double: () => h("div", { class: "mask" }, h("div", { class: "win", role: "dialog", "aria-modal": "true" }, h("div", { class: "row" }, head, foot), h("div", { role: "dialog", "aria-label": t.post }, context, boxes, who))),
    region: () => h("div", { class: "mask" }, h("div", { class: "win", role: "region" }, head, context, boxes, who, foot)),
    within: () => h("div", {}, context, boxes, who, foot),
  };
  composerRoot = make[scene.dialog ?? "nested"]();
  if (["input", "image", "button"].includes(scene.submit)) {
    const form = h("form", { onsubmit: (event) => { event.preventDefault(); clicked(); } });
    form.append(...composerRoot.childNodes);
    composerRoot.append(form);
  }
  if (scene.shadow) {
    const inside = layers.appendChild(h("x-composer")).attachShadow({ mode: "open" });
    inside.append(h("style", {}, STYLE), composerRoot);
  } else if (scene.dialog === "within") (scene.inside ? document.querySelector("article") : document.querySelector("main > div") ?? document.querySelector("main")).append(composerRoot);
  else layers.append(composerRoot);
  if (composerRoot.showModal) composerRoot.showModal();
  setTimeout(() => {
    addPart(boxes);
    restore(boxes);
    over();
  }, scene.late_box ?? 0);
};

/** The page's own composer, behind the dialog: it would post as well. */
const inlineComposer = () => h("div", {}, h("div", { contenteditable: "true", role: "textbox", "data-testid": "tweetTextarea_0", style: "min-height:30px" }), button(t.post, "big", () => SENDERS.fetch(JSON.stringify({ variables: { tweet_text: "INLINE" } })), { "data-testid": "tweetButtonInline" }));

/** What lies over the page from the beginning. */
const over = () => {
  const { left, top } = submit.getBoundingClientRect();
  const near = `position:fixed;left:${left - 60}px;top:${top - 10}px;width:320px;height:70px;background:#eee;z-index:7`;
  const low = `position:fixed;left:0;right:0;top:${top - 10}px;height:90px;background:#eee;z-index:7`;
  const shapes = {
    cookies: () => h("div", { style: low }, h("p", {}, "Cookies"), button("Aceitar tudo", "big", () => lies.remove()), button("Recusar", "line", () => lies.remove())),
    cookie_dialog: () => h("div", { role: "dialog", "aria-label": "cookies", style: low }, h("p", {}, "Cookies"), button("Aceitar tudo", "big", () => lies.remove()), button("Recusar", "line", () => lies.remove())),
    hint: () => h("div", { role: "tooltip", style: near }, h("p", {}, t.who), icon(t.close, () => lies.remove())),
    told: () => h("div", { role: "dialog", "aria-modal": "true", style: `${near};height:160px` }, h("p", {}, t.who), button("Entendi", "big", () => lies.remove())),
    toast: () => h("div", { role: "status", style: near }, h("p", {}, t.wrong)),
    who_menu: () => h("div", { role: "menu", style: near }, ...[t.all, t.who].map((words) => h("div", { role: "menuitem", tabindex: "0", onclick: () => lies.remove() }, words))),
  };
  if (!scene.over) return;
  const lies = shapes[scene.over]();
  document.body.append(lies);
  if (scene.over === "toast") setTimeout(() => lies.remove(), 2500);
  if (scene.over === "who_menu") document.addEventListener("keydown", (event) => { if (event.key === "Escape" && lies.isConnected) { lies.remove(); event.stopImmediatePropagation(); } }, { capture: true });
};

const post = () =>
  h("article", { role: "article", tabindex: "0" }, h("a", { href: "/bob" }, "Bob @bob"), h("a", { href: `/bob/status/${target}` }, h("time", { datetime: "2026-01-01" }, "1 h")), h("div", { lang: "pt", dir: "auto" }, scene.says ?? "What do you all think of our new maps?"),
    scene.parent === "notice" ? h("p", {}, "Bob limitou quem pode responder.") : null,
    h("div", { role: "group" }, h("div", { role: "button", "aria-label": `3 ${t.reply}`, "aria-disabled": scene.parent === "limited" ? "true" : null, onclick: () => (scene.parent === "sheet" ? scene_sheet("two") : openComposer()) }, "3"), h("div", { role: "button", "aria-label": "Repost" }, "1")));

/** What is left of a page that could not be drawn. */
const failed = () => {
  const offer = h("div", {}, h("p", {}, t.wrong), button(t.retry, "big", () => location.reload()));
  const beside = h("aside", { role: "complementary" }, h("form", { role: "search" }, h("input", { type: "text" })), button("Seguir", "big", () => {}));
  const shapes = {
    main: () => shell(offer),
    bare: () => root.replaceChildren(offer),
    column: () => shell(h("div", {}, icon(t.close, () => history.back()), h("h2", {}, "Post"), offer, beside)),
    empty: () => root.replaceChildren(),
    spinning: () => shell(h("div", { role: "progressbar", style: "width:40px;height:40px" })),
  };
  shapes[scene.first]();
};

const begin = async () => {
  if (scene.first_call) await fetch(`/i/api/graphql/z9/Viewer?status=${scene.first_call}`).catch(() => null);
  if (scene.first && scene.loads <= (scene.first_times ?? 99)) return failed();
  if (target) {
    fetch(`/i/api/graphql/z9/TweetResultByRestId?variables=${encodeURIComponent(JSON.stringify({ tweetId: target }))}`).then(() => {
      shell(["deleted", "unloaded"].includes(scene.parent) ? h("div", { "data-testid": "error-detail" }, h("p", {}, t.gone)) : scene.inline ? h("div", {}, post(), inlineComposer()) : post());
    });
    return;
  }
  shell(scene.inline ? inlineComposer() : h("p", {}, "…"));
  if (scene.hangs) root.append(h("img", { src: "/hangs", alt: "" }));
  if (location.pathname.startsWith("/compose")) openComposer();
};
setTimeout(location.pathname === "/sends" ? sendFromHere : begin, scene.hydrate ?? 0);
if (scene.unload) addEventListener("beforeunload", (event) => { event.preventDefault(); event.returnValue = "x"; });
