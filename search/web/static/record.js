// Recording from the microphone.

const MAX_SECONDS = 60;
const KINDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
// The music itself is asked for: nothing is taken out of it.
const SOUND = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/** Let a button record; `take` gets each recording as a file, `tell` a line about it. */
export function recordBy(button, take, tell) {
  const label = button.querySelector("span");
  const name = label.textContent;
  let recorder = null;
  let ticking = 0;

  function show(seconds) {
    const isOn = seconds !== null;
    button.setAttribute("aria-pressed", String(isOn));
    label.textContent = isOn ? `Stop (${seconds} s)` : name;
  }

  async function start() {
    if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) {
      tell("This browser records only on pages from this machine, or by HTTPS.");
      return;
    }
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: SOUND });
    } catch (error) {
      tell(error.name === "NotAllowedError"
        ? "The microphone was not allowed for this page." : "There is no microphone.");
      return;
    }
    const mimeType = KINDS.find((one) => MediaRecorder.isTypeSupported(one));
    const made = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: 128_000 });
    const pieces = [];
    recorder = made;
    made.addEventListener("dataavailable", (event) => pieces.push(event.data));
    made.addEventListener("stop", () => {
      for (const track of stream.getTracks()) track.stop();
      clearInterval(ticking);
      recorder = null;
      show(null);
      const type = made.mimeType.split(";")[0] || "audio/webm";
      take(new File(pieces, "from the microphone", { type }));
    });
    made.start();
    tell("Recording: let the music play for some seconds, then press again.");
    let seconds = 0;
    show(seconds);
    ticking = setInterval(() => {
      seconds += 1;
      show(seconds);
      if (seconds >= MAX_SECONDS && made.state === "recording") made.stop();
    }, 1000);
  }

  button.addEventListener("click", () => {
    if (recorder?.state === "recording") recorder.stop();
    else if (!recorder) start();
  });
}
