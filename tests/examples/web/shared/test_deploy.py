"""The files of examples/web/deploy, with systemd and nginx where they are installed (always where CI=true)."""

import os
import re
import shutil
import ssl
import subprocess
import tomllib
from pathlib import Path

import httpx2
import pytest
from packaging.requirements import Requirement
from prometheus_client.parser import text_string_to_metric_families

from examples.pizza.__main__ import main as pizzeria
from tests.examples.sites import PORT, ROOT, RunningSite, wait_for
from tests.examples.web.pages import PASSWORD, token_of

WEB = ROOT / "examples" / "web"
DEPLOY = WEB / "deploy"
NAME = "pizzeria.example"
TOKEN = "0123456789-abcdef"


def program(name):
    """Return a program's path; skip the test if it is not installed, but not in CI, which installs it."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        assert os.environ.get("CI") != "true", f"{name} is not installed"
        pytest.skip(f"{name} is not installed")
    return found


def pinned():
    """Return the versions in the lock file by name, with their markers."""
    text = (WEB / "requirements.txt").read_text()
    return [Requirement(line.split(" \\")[0]) for line in text.splitlines() if not line.startswith(" ")]


def test_the_lock_file_has_hashes_and_names_no_index():
    lines = (WEB / "requirements.txt").read_text().splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith(" "):
            assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line)
        else:
            assert re.fullmatch(r"[a-z0-9.-]+==[^ ]+( ; .+)? \\", line)
            assert "--hash=sha256:" in following


def test_the_lock_file_satisfies_what_the_sites_require():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    versions = {one.name: str(one.specifier).removeprefix("==") for one in pinned()}
    for text in (*project["dependencies"], *extras["web"], *extras["postgres"]):
        required = Requirement(text)
        assert required.specifier.contains(versions[required.name.lower()]), text


def test_systemd_accepts_the_units(tmp_path):
    analyze = program("systemd-analyze")
    units = ("pizzeria.service", "pizzeria-backup.service", "pizzeria-backup.timer")
    for unit in units:
        text = (DEPLOY / unit).read_text()
        text = text.replace("/opt/tallygrad/current/.venv/bin/python", shutil.which("true"))
        (tmp_path / unit).write_text(text)
    checked = subprocess.run(
        [analyze, "verify", "--man=no", *(str(tmp_path / unit) for unit in units)],
        capture_output=True,
        text=True,
    )
    ours = [line for line in checked.stderr.splitlines() if "pizzeria" in line]
    assert (checked.returncode, ours) == (0, []), checked.stderr


def test_commands_and_files_of_the_page_exist():
    page = (WEB / "DEPLOY.md").read_text()
    for link in re.findall(r"\]\(([^)#]+)\)", page):
        assert (WEB / link.split("#")[0]).exists(), link
    shell = program("bash")
    for block in re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        subprocess.run([shell, "-n"], input=block, text=True, check=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Give the pizzeria as its unit starts it: two workers, secrets in files, and nginx in front."""
    data = tmp_path_factory.mktemp("site")
    variables = {"DATABASE_URL": "", "FORWARDED_ALLOW_IPS": "127.0.0.1", "RUNTIME_DIRECTORY": str(data)}
    settings = re.findall(r"^(\w+)=(.*)$", (DEPLOY / "pizzeria.env").read_text(), re.MULTILINE)
    for setting, text in (("ADMIN_PASSWORD", PASSWORD), ("METRICS_TOKEN", TOKEN)):
        (data / setting).write_text(f"{text}\n")
        variables[f"PIZZERIA_{setting}_FILE"] = str(data / setting)
    # A private site does not tell which worker answers, and the tests count the workers.
    variables |= {**dict(settings), "PIZZERIA_PRIVATE": "no", "PIZZERIA_LOG_REQUESTS": "yes"}
    site = RunningSite("examples.pizza", data, 2, variables)
    yield site
    site.kill()


@pytest.fixture(scope="module")
def proxy(site, tmp_path_factory):
    """Start nginx with the page's file; only its ports and the paths of its files are others."""
    nginx, openssl = program("nginx"), program("openssl")
    folder, http, https = tmp_path_factory.mktemp("nginx"), next(PORT), next(PORT)
    request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    files = ["-keyout", str(folder / "certificate.key"), "-out", str(folder / "certificate.pem")]
    subprocess.run(
        [openssl, *request, "-addext", f"subjectAltName=DNS:{NAME}", *files], check=True, capture_output=True
    )
    text = (DEPLOY / "nginx.conf").read_text().replace("/etc/pizzeria", str(folder))
    text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.MULTILINE)
    text = text.replace("listen 80;", f"listen 127.0.0.1:{http};").replace(
        "listen 443", f"listen 127.0.0.1:{https}"
    )
    text = text.replace("127.0.0.1:8001", f"127.0.0.1:{site.port}")
    kept = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/log;\nevents {{}}\nhttp {{\naccess_log off;\n{kept}{text}}}\n"
    )
    command = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command)
    trusted = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
    yield Proxy(http, https, trusted)
    process.terminate()
    process.wait()


class Proxy:
    """Asks nginx under the site's name, over HTTPS with its certificate."""

    def __init__(self, http, https, trusted):
        self.http, self.https, self.trusted = http, https, trusted
        wait_for(self.answers)

    def answers(self):
        try:
            with self.client() as client:
                return client.get("/health/live").status_code == 200
        except httpx2.TransportError:
            return False

    def client(self, **headers):
        """Return a client that connects to loopback, whatever the site is called."""
        client = httpx2.Client(
            base_url=f"https://127.0.0.1:{self.https}",
            verify=self.trusted,
            headers={"host": f"{NAME}:{self.https}", **headers},
            timeout=30,
        )
        client.event_hooks["request"] = [named]
        return client


def named(request):
    """Ask for the certificate of the site's name."""
    request.extensions["sni_hostname"] = NAME


def test_guests_are_led_to_https_and_log_in_through_nginx(proxy):
    with httpx2.Client() as client:
        answer = client.get(f"http://127.0.0.1:{proxy.http}/analytics?x=1", headers={"host": NAME})
    assert (answer.status_code, answer.headers["location"]) == (301, f"https://{NAME}/analytics?x=1")
    with proxy.client(origin=f"https://{NAME}:{proxy.https}") as guest:
        page = guest.get("/login")
        assert page.headers["strict-transport-security"]
        assert "nginx/" not in page.headers["server"]
        csrf = token_of(page)
        cookies = "; ".join(one.split(";")[0] for one in page.headers.get_list("set-cookie"))
        assert "Secure" in page.headers["set-cookie"]
        answer = guest.post(
            "/login",
            data={"csrf": csrf, "password": PASSWORD, "to": "/admin"},
            headers={"cookie": cookies},
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin")


def test_the_site_sees_the_addresses_that_nginx_saw(proxy, site):
    with proxy.client(**{"x-forwarded-for": "203.0.113.7"}) as guest:
        assert guest.get("/health?forged").status_code == 200
    assert "203.0.113.7" not in site.log()
    assert '"client": "127.0.0.1", "method": "GET", "path": "/health"' in site.log()


def test_nginx_limits_logins_and_bodies_and_hides_the_figures(proxy):
    with proxy.client() as guest:
        assert guest.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 404
        assert guest.post("/admin/import", content=b"x" * (1 << 21)).status_code == 413
        assert {guest.get("/login").status_code for _ in range(40)} == {200, 429}
        assert guest.get("/health").status_code == 200


def test_two_workers_answer_with_the_sum_of_their_counts(site):
    """The counts are in memory, so that a full disk kills no worker."""
    before = counted(site)
    for _ in range(20):
        site.get("/health/live")
    assert counted(site) - before == 20
    assert list(site.data.glob("metrics-*"))


def test_a_running_site_is_backed_up_and_not_replaced(site, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PIZZERIA_DATA", str(site.data))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert pizzeria(["backup", str(tmp_path / "b.sqlite")]) == 0
    with pytest.raises(SystemExit):
        pizzeria(["restore", str(tmp_path / "b.sqlite")])
    assert "The site is running" in capsys.readouterr().err
    assert site.is_well()


def counted(site):
    answer = httpx2.get(f"{site.home}/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    samples = {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name == "http_requests_total"
    }
    return samples.get(("GET", "/health/live", "200"), 0)


def test_a_site_that_is_stopped_leaves_no_counts(site):
    """Keep this test last: it stops the site."""
    site.process.terminate()
    assert site.process.wait(60) in (0, -15)
    assert not list(Path(site.data).glob("metrics-*"))
