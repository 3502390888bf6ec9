// A Python on the server that this page is from, over one socket: soon after the page is opened, or
// when there is room for another. If it is lost, another one goes on.
const AGAIN = [300, 1000, 2000, 4000, 8000]; // ms until it is asked for again

const source = {
  isThere: true,
  isAutomatic: true,
  offer: "○ Not live yet: it moves among stored settings.",
  live: "● Live: Python computes every setting.",
  more: "Every setting is there once this page has its Python.",
  async connect({ stage, ready }) {
    const address = new URL("live", location.href.replace(/^http/, "ws"));
    for (let tries = 0; ; tries += 1) {
      const wasThere = await once(address, stage, ready);
      if (wasThere) tries = 0;
      await new Promise((go) => {
        setTimeout(go, AGAIN[Math.min(tries, AGAIN.length - 1)]);
        addEventListener("online", go, { once: true });
      });
    }
  },
};

// One connection. Returns, when it has ended, whether there was a Python.
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
      figures.lose();
      stage("○ No connection to Python. Trying again …");
      over(isThere);
    };
  });
}
