// A Python on the server that this page is from, over one socket: soon after the page is opened, or
// when there is room for another. If it is lost, another one goes on.
const AGAIN = [300, 1000, 2000, 4000, 8000]; // ms until it is asked for again
const LOST = "No connection to Python. Trying again …";
const SHUT = "The server was started anew. Load this page again.";

const source = {
  isThere: true,
  isAutomatic: true,
  offer: "○ Not live yet: it moves among stored settings.",
  live: "● Live: Python computes every setting.",
  more: "Every setting is there once this page has its Python.",
  async connect({ stage, ready }) {
    const address = new URL("live", location.href.replace(/^http/, "ws"));
    let lost; // the figures of the last connection that had a Python
    for (let tries = 0; ; tries += 1) {
      const figures = await once(address, stage, ready);
      if (figures) [lost, tries] = [figures, 0];
      await new Promise((go) => {
        setTimeout(go, AGAIN[Math.min(tries, AGAIN.length - 1)]);
        addEventListener("online", go, { once: true });
      });
      if (await isShut()) break;
    }
    lost?.lose(SHUT);
    stage(`○ ${SHUT}`);
  },
};

// One connection. Returns, when it has ended, the figures behind it; null if there was no Python.
function once(address, stage, ready) {
  return new Promise((over) => {
    let isThere = false;
    const socket = new WebSocket(address);
    const figures = figuresBehind((message) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message)));
    const told = { ready: () => {
      isThere = true;
      stage(source.offer);
      ready(figures.open);
    }, stage: ({ words }) => stage(`○ ${words}`), told: figures.told };
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      told[message.kind](message);
    };
    const offline = () => socket.close();
    addEventListener("offline", offline);
    socket.onclose = () => {
      removeEventListener("offline", offline);
      figures.lose(LOST);
      stage(`○ ${LOST}`);
      over(isThere ? figures : null);
    };
  });
}

// Whether the server asks for its word again. A socket is not told why it is refused; and each try
// with an old word would let all who have a wrong one wait longer.
function isShut() {
  return fetch("contents.js", { cache: "no-store" }).then(({ status }) => status === 403, () => false);
}
