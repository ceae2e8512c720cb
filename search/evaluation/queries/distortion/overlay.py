"""Draws text and logo overlays such as those of broadcasters."""

TEXT = "SATURDAY NIGHT • LIVE"
WHITE = (255, 255, 255, 235)
RED = (214, 40, 40, 235)
SHADE = (0, 0, 0, 150)


def draw_overlay(width: int, height: int) -> bytes:
    """Draw a caption on a dark band at the bottom, and a round logo in the upper right corner.

    Returns:
        height × width × 4 bytes, RGBA.
    """
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, height * 0.80, width, height * 0.95), fill=SHADE)
    font = ImageFont.load_default(size=max(6.0, height * 0.09))
    pen.text((width * 0.05, height * 0.875), TEXT, fill=WHITE, font=font, anchor="lm")
    radius = min(width, height) * 0.09
    x, y = width - 1.7 * radius, 1.7 * radius
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=RED)
    half = radius * 0.45
    pen.polygon([(x - half, y - half), (x - half, y + half), (x + half, y)], fill=WHITE)
    return image.tobytes()
