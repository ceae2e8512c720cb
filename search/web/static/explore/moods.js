// The plane of moods on the map: valence to the right, arousal upwards, neutral in the middle.

/** Draw the axes and the name of each region at its place. */
export function paintMoods(brush, places, toScreen, colour) {
  const [x, y] = toScreen(0.5, 0.5);
  const { clientWidth, clientHeight } = brush.canvas;
  brush.strokeStyle = colour("line");
  brush.fillStyle = colour("soft");
  brush.lineWidth = 1;
  brush.beginPath();
  brush.moveTo(x, 0);
  brush.lineTo(x, clientHeight);
  brush.moveTo(0, y);
  brush.lineTo(clientWidth, y);
  brush.stroke();
  brush.font = "14px system-ui, sans-serif";
  brush.textAlign = "center";
  for (const [word, valence, arousal] of places) {
    // Where its place is out of view, a name stays at the edge.
    const [left, top] = toScreen(valence, 1 - arousal);
    const half = brush.measureText(word).width / 2 + 8;
    brush.fillText(
      word,
      Math.max(half, Math.min(clientWidth - half, left)),
      Math.max(20, Math.min(clientHeight - 10, top)),
    );
  }
}

/** The view that shows all points, however narrow a part of the plane they fill. */
export function fit(points, maxZoom) {
  const spans = ["x", "y"].map((axis) => {
    const values = [0.5, ...points.map((point) => point[axis])];
    return [Math.min(...values), Math.max(...values)];
  });
  const widest = Math.max(0.05, ...spans.map(([low, high]) => high - low));
  const [x, y] = spans.map(([low, high]) => (low + high) / 2);
  return { x, y, zoom: Math.min(maxZoom, Math.max(1, 0.9 / widest)) };
}

/** What the map says of itself by look, sound or lyrics. */
export const tellLikeness = ({ points, explained }) => `${points.length} videos; similar ones are near`
  + ` each other. Both axes together show ${Math.round(explained * 100)} % of what tells them apart.`;

/** What it says of itself by mood. */
export const tellMoods = ({ points }) => `${points.length} videos by the mood of picture and sound together:`
  + " unpleasant on the left, pleasant on the right, excited above, quiet below.";
