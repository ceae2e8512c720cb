// Requests of the pages: what went wrong is told in one line.

/** The JSON of an answer; null where it was a refusal, which `notice` then tells. */
export async function send(address, notice, body, method = "POST") {
  const options = body === undefined && method === "GET" ? {} : { method };
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  try {
    const answer = await fetch(address, options);
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.detail);
    notice.textContent = "";
    return told;
  } catch (error) {
    notice.textContent = error instanceof TypeError
      ? "The server does not answer. Is mvsearch serve still running?" : error.message;
    return null;
  }
}
