import pytest

from human_review.web.pages import same_site
from human_review.web.site import site_of, split_bind
from stream_app.errors import ConfigError
from stream_app.settings import Settings


def site(**settings):
    return site_of(Settings(**settings))


def test_without_an_address_it_is_this_machine_s():
    found = site(review_bind="127.0.0.1:8788")
    assert found.url == "http://127.0.0.1:8788"
    assert found.hosts == {"127.0.0.1:8788", "localhost:8788"}
    assert found.origins == {"http://127.0.0.1:8788", "http://localhost:8788"}
    assert (found.cookie, found.secure) == ("weir", False)


def test_behind_https_the_cookie_is_bound_to_the_host():
    found = site(review_bind="0.0.0.0:80", review_url="https://Review.example.org/")
    assert found.url == "https://review.example.org"
    assert found.hosts == {"review.example.org", "review.example.org:443"}
    assert found.origins == {"https://review.example.org"}
    assert (found.cookie, found.secure) == ("__Host-weir", True)


def test_a_port_and_ipv6_are_kept():
    assert site(review_url="https://review.example.org:8443").origins == {"https://review.example.org:8443"}
    assert site(review_bind="[::1]:8788").url == "http://[::1]:8788"
    assert "[::1]:8788" in site(review_bind="[::1]:8788").hosts
    assert site(review_bind="127.0.0.1:80").hosts >= {"127.0.0.1", "127.0.0.1:80"}


@pytest.mark.parametrize("bind", ["0.0.0.0:8788", "192.0.2.1:8788", "review:8788", "[::]:8788"])
def test_on_a_network_it_must_be_said_how_it_is_reached(bind):
    with pytest.raises(ConfigError, match="WEIR_REVIEW_URL"):
        site(review_bind=bind)


@pytest.mark.parametrize(
    "url", ["http://review.example.org", "review.example.org", "ftp://a", "https://a/path", "https://a?x=1",
            "https://u@a", "https://"]
)  # fmt: skip
def test_an_address_that_would_not_do_is_refused(url):
    with pytest.raises(ConfigError, match="WEIR_REVIEW_URL"):
        site(review_url=url)


@pytest.mark.parametrize("bind", ["8788", ":8788", "a:", "a:b", "a:99999", "a:-1", "a:٣"])
def test_a_bind_that_is_none_is_refused(bind):
    with pytest.raises(ConfigError, match="WEIR_REVIEW_BIND"):
        split_bind(bind)


@pytest.mark.parametrize("path", ["/", "/work?queue=a&x=%2F%2Fb", "/a//b"])
def test_paths_of_this_site_are_kept(path):
    assert same_site(path) == path


@pytest.mark.parametrize(
    "address", ["", "work", "//a", "///a", "/\\a", "/a\\b", "\\a", "/\u202ea", "/a\nb", "http:a"]
)
def test_what_may_lead_elsewhere_is_not(address):
    assert same_site(address, "/safe") == "/safe"
