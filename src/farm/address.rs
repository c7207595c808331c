// SPDX-License-Identifier: Apache-2.0
//! The farm's address: checked once, joined with care, shown without credentials.

use url::{Host, Url};

use super::error::FarmError;

/// The address that all calls begin with; a path prefix in it is kept.
#[derive(Clone)]
pub(super) struct Address {
    /// With credentials, if some were given; never shown.
    base: Url,
}

impl Address {
    /// Checks an address that people typed.
    pub(super) fn parse(typed: &str) -> Result<Self, FarmError> {
        let typed = typed.trim();
        let bad = |reason: &str| FarmError::BadUrl {
            url: without_credentials(typed),
            reason: reason.to_owned(),
        };
        let mut base = Url::parse(typed).map_err(|error| bad(&error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(bad("it begins with neither http:// nor https://"));
        }
        if base.host().is_none() {
            return Err(bad("it names no host"));
        }
        base.set_query(None);
        base.set_fragment(None);
        Ok(Self { base })
    }

    /// Drops credentials in the address: a token takes their place.
    pub(super) fn forget_credentials(&mut self) {
        // Neither can fail: an address of http or https has a host.
        let _ = self.base.set_username("");
        let _ = self.base.set_password(None);
    }

    /// Whether it holds a name or a password.
    pub(super) fn has_credentials(&self) -> bool {
        !self.base.username().is_empty() || self.base.password().is_some()
    }

    /// The URL of a call; each segment is percent-encoded on its own.
    pub(super) fn join(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// The URL of a file that the farm names by a path from its own root or by a full URL; none if it lies elsewhere.
    pub(super) fn file(&self, named: &str) -> Option<Url> {
        let prefix = self.base.path().trim_end_matches('/');
        let mut url = if let Some(rest) = named.strip_prefix('/') {
            let mut url = self.base.clone();
            let path = match rest.strip_prefix(prefix.trim_start_matches('/')) {
                Some(inside) if !prefix.is_empty() && inside.starts_with('/') => named.to_owned(),
                _ => format!("{prefix}{named}"),
            };
            url.set_path(&path);
            url
        } else {
            Url::parse(named).ok()?
        };
        if url.origin() != self.base.origin() {
            return None;
        }
        let _ = url.set_username(self.base.username());
        let _ = url.set_password(self.base.password());
        Some(url)
    }

    /// The address for people.
    pub(super) fn shown(&self) -> String {
        shown(&self.base)
    }

    /// Whether it is this computer's own, where no proxy has a say.
    pub(super) fn is_loopback(&self) -> bool {
        match self.base.host() {
            Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// Whether it is encrypted.
    pub(super) fn is_secure(&self) -> bool {
        self.base.scheme() == "https"
    }
}

/// A URL for messages: without credentials, query and fragment.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// Text that should have been a URL, without what stands before an `@`.
pub(super) fn without_credentials(typed: &str) -> String {
    let (scheme, rest) = match typed.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), typed),
    };
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    scheme + host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_prefix_is_kept() {
        for typed in [
            "https://host/farm",
            "https://host/farm/",
            " https://host/farm/?x=1#y ",
        ] {
            let address = Address::parse(typed).unwrap();
            assert_eq!(
                address.join(&["api", "v3", "jobs"]).as_str(),
                "https://host/farm/api/v3/jobs"
            );
        }
        let bare = Address::parse("http://127.0.0.1:8080").unwrap();
        assert_eq!(bare.join(&["api"]).as_str(), "http://127.0.0.1:8080/api");
    }

    #[test]
    fn a_segment_cannot_leave_its_place() {
        let address = Address::parse("http://host").unwrap();
        assert_eq!(
            address.join(&["type", "a/../b?c"]).as_str(),
            "http://host/type/a%2F..%2Fb%3Fc"
        );
    }

    #[test]
    fn files_are_found_behind_the_prefix_and_never_elsewhere() {
        let address = Address::parse("https://host/farm").unwrap();
        let file = |named| address.file(named).map(String::from);
        assert_eq!(
            file("/job-files/a.txt").unwrap(),
            "https://host/farm/job-files/a.txt"
        );
        assert_eq!(
            file("/farm/job-files/a.txt").unwrap(),
            "https://host/farm/job-files/a.txt"
        );
        assert_eq!(
            file("/farmer/a.txt").unwrap(),
            "https://host/farm/farmer/a.txt"
        );
        assert_eq!(
            file("https://host/farm/a.txt").unwrap(),
            "https://host/farm/a.txt"
        );
        assert_eq!(file("https://other/a.txt"), None);
        assert_eq!(
            file("//other/a.txt").unwrap(),
            "https://host/farm//other/a.txt"
        );
        assert_eq!(file("a.txt"), None);
    }

    #[test]
    fn what_is_no_address_is_refused_without_its_credentials() {
        for typed in [
            "",
            "host:8080",
            "ftp://user:hunter2@host/",
            "http://user:hunter2@",
            "user:hunter2@host:x",
        ] {
            let Err(error) = Address::parse(typed) else {
                panic!("{typed:?} was accepted")
            };
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn loopback_is_recognised_by_name_and_number() {
        for (typed, loopback) in [
            ("http://localhost:1", true),
            ("http://127.0.0.2", true),
            ("http://[::1]:80", true),
            ("http://192.168.0.1", false),
        ] {
            assert_eq!(
                Address::parse(typed).unwrap().is_loopback(),
                loopback,
                "{typed}"
            );
        }
    }
}
