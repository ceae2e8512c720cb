"""The heat map: the report of all songs, with a policy for its own style alone."""

import base64
import hashlib
import re

from starlette.testclient import TestClient

HTML = {"Accept": "text/html"}


def test_the_report_is_shown_with_its_own_style_alone(client: TestClient) -> None:
    job = client.post("/api/v1/jobs/similar-report", json={"form": "html", "top": 5}).json()
    client.get(f"/api/v1/jobs/{job['id']}/events")  # until its end
    page = client.get(f"/heatmap/{job['id']}", headers=HTML)
    assert (page.status_code, "First Song" in page.text, "<script" in page.text) == (
        200, True, False,
    )  # fmt: skip
    (style,) = re.findall("<style>(.*?)</style>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = page.headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}';" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert f'href="/heatmap/{job["id"]}"' in client.get("/heatmap", headers=HTML).text


def test_other_texts_are_no_page(client: TestClient) -> None:
    job = client.post("/api/v1/jobs/similar-report", json={"form": "json"}).json()
    client.get(f"/api/v1/jobs/{job['id']}/events")
    for name in (job["id"], "nothing"):
        assert client.get(f"/heatmap/{name}", headers=HTML).status_code == 404
