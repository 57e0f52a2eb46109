  // What every page here does: it asks the server, says what went wrong, and draws what came back. A page adds `draw`.
  const at = (id) => document.getElementById(id);
  const token = document.querySelector("meta[name=token]").content;
  let status = null, busy = false;

  const element = (name, text) => {
    const made = document.createElement(name);
    made.textContent = text; // never as HTML: texts are a stranger's
    return made;
  };
  const complain = (text) => {
    at("error").textContent = text;
    at("error").hidden = !text;
  };
  const fill = (bar, value, most) => {
    bar.setAttribute("aria-valuenow", value);
    bar.setAttribute("aria-valuemax", most);
    bar.firstElementChild.style.width = `${most ? 100 * value / most : 0}%`;
  };

  // What the server answers; null, and the reason on the page, if it refuses or is gone.
  const ask = async (path, body) => {
    const options = body === undefined ? {} : {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Gnothi-Token": token },
      body: JSON.stringify(body),
    };
    let answer;
    try {
      answer = await fetch(path, options);
    } catch {
      complain("gnothi does not answer any more. Every click is kept: make the same call again, and open the page that it names.");
      return null;
    }
    const found = await answer.json();
    if (answer.ok) return found;
    complain(found.error);
    if (answer.status === 409) { // another tab was faster: show what is asked now
      const now = await fetch("status");
      if (now.ok) return now.json();
    }
    return null;
  };

  const go = async (path, body) => {
    if (busy) return;
    busy = true;
    complain("");
    const slow = setTimeout(() => {
      at("busy").hidden = false;
      document.querySelector("main").classList.add("busy");
    }, 250);
    try {
      const found = await ask(path, body);
      if (found) {
        status = found;
        await draw();
      }
    } finally {
      clearTimeout(slow);
      at("busy").hidden = true;
      document.querySelector("main").classList.remove("busy");
      busy = false;
    }
    return status;
  };
