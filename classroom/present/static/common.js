// What the pages of the vote have in common: how they make an element, send something, and listen.

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// Sends something as JSON. Returns what is answered, or null after `message` has said why not.
export async function post(address, content, message, unheard) {
  message.textContent = "";
  try {
    const heard = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(content),
    });
    if (heard.ok) return await heard.json();
    message.textContent = await heard.text();
  } catch {
    message.textContent = unheard;
  }
  return null;
}

// Listens to the stream at this address: `show(state)` is called with each state that is told. If
// there is no connection, `message` says so, and `shut` what to do where it can't be had again.
export function listenTo(address, show, message, shut) {
  const stream = new EventSource(address);
  stream.onmessage = ({ data }) => {
    message.textContent = "";
    show(JSON.parse(data));
  };
  stream.onerror = () => {
    message.textContent = stream.readyState === EventSource.CLOSED
      ? `No connection. ${shut}` : "No connection. Trying again …";
  };
  return stream;
}
