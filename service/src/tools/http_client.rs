//! The HTTP client of tools. A model often chooses the URL, so requests reach public addresses only: the task's
//! credentials at a link-local address and the services of a private network stay out of reach.
//!
//! An address is checked where it is used: a literal one in a URL or a redirect by `check`, that of a name by the
//! resolver of the connection (`resolver.rs`). A name whose addresses change after a check gains nothing. Behind a
//! proxy, the proxy resolves names and decides.

mod address;
mod error;
mod resolver;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::{Client, Method, RequestBuilder, Url, redirect::Policy};
use tokio::time::Instant;

use crate::{host, tools::ToolError};
use address::Reach;
use error::Refused;
use resolver::Resolver;

/// The longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The number of redirects that a request follows.
const MAX_REDIRECTS: usize = 5;

/// The clients that all calls share, each with its pool of connections. They are built when they are first used.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    /// Every tool may reach private addresses.
    private: bool,
    to_public: OnceLock<Client>,
    to_private: OnceLock<Client>,
    to_this_machine: OnceLock<Client>,
}

/// The HTTP client of a call. Its requests end at the call's deadline, go through the proxy that the environment names,
/// and reach public addresses only.
///
/// ```
/// use mcp_stateful::prelude::*;
///
/// async fn title(cx: &Context, url: &str) -> Result<String, ToolError> {
///     let page = cx.http().get(url)?.send().await?.error_for_status()?;
///     Ok(page.text().await?.lines().next().unwrap_or_default().to_owned())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Http {
    clients: Arc<Clients>,
    reach: Reach,
    deadline: Instant,
}

impl Http {
    pub(crate) fn new(clients: Arc<Clients>, deadline: Instant) -> Self {
        let reach = if clients.private { Reach::Private } else { Reach::Public };
        Self { clients, reach, deadline }
    }

    /// Permits private and loopback addresses, for a service inside the network. Use it for URLs that no client can
    /// choose. Link-local addresses stay forbidden, because a task's credentials are there.
    pub fn with_private_addresses(mut self) -> Self {
        self.reach = Reach::Private;
        self
    }

    /// Begins a GET request.
    ///
    /// # Errors
    /// As [`request`](Self::request).
    pub fn get(&self, url: impl AsRef<str>) -> Result<RequestBuilder, ToolError> {
        self.request(Method::GET, url)
    }

    /// Begins a POST request.
    ///
    /// # Errors
    /// As [`request`](Self::request).
    pub fn post(&self, url: impl AsRef<str>) -> Result<RequestBuilder, ToolError> {
        self.request(Method::POST, url)
    }

    /// Begins a request.
    ///
    /// # Errors
    /// [`ToolError::Invalid`] if the URL is invalid or names a forbidden address. Sending fails in the same way for a
    /// name with such an address.
    pub fn request(&self, method: Method, url: impl AsRef<str>) -> Result<RequestBuilder, ToolError> {
        let invalid = |error| ToolError::Invalid(format!("invalid URL: {error}"));
        let url = Url::parse(url.as_ref()).map_err(invalid)?;
        check(&url, self.reach)?;
        let client = self.clients.select(&url, self.reach)?;
        Ok(client.request(method, url).timeout(self.deadline.saturating_duration_since(Instant::now())))
    }
}

impl Clients {
    /// Creates the clients. With `private`, every tool may reach private addresses.
    pub(crate) fn new(private: bool) -> Self {
        Self { private, ..Self::default() }
    }

    fn select(&self, url: &Url, reach: Reach) -> Result<&Client, ToolError> {
        // A proxy is on another machine, and this machine's own services are not reachable from there.
        let is_local = reach == Reach::Private && url.host_str().is_some_and(host::is_loopback);
        let client = match reach {
            Reach::Public => &self.to_public,
            Reach::Private if is_local => &self.to_this_machine,
            Reach::Private => &self.to_private,
        };
        if let Some(client) = client.get() {
            return Ok(client);
        }
        let built = build(reach, is_local).map_err(ToolError::internal)?;
        Ok(client.get_or_init(|| built))
    }
}

/// Checks the scheme of a URL, and its address if it has a literal one.
fn check(url: &Url, reach: Reach) -> Result<(), Refused> {
    if !["http", "https"].contains(&url.scheme()) {
        return Err(Refused::Scheme(url.scheme().to_owned()));
    }
    // The parser has converted other spellings, such as http://2130706433/.
    match url.host_str().and_then(host::ip_address) {
        Some(address) => reach.check(address),
        None => Ok(()),
    }
}

fn build(reach: Reach, without_proxy: bool) -> Result<Client, reqwest::Error> {
    // reqwest takes the process's cryptography. Another one that is installed already serves as well.
    rustls::crypto::ring::default_provider().install_default().ok();
    let redirects = Policy::custom(move |attempt| {
        if attempt.previous().len() > MAX_REDIRECTS {
            return attempt.error(Refused::Redirects(MAX_REDIRECTS));
        }
        match check(attempt.url(), reach) {
            Ok(()) => attempt.follow(),
            Err(refused) => attempt.error(refused),
        }
    });
    let builder = Client::builder()
        .user_agent(concat!("mcp-stateful/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(redirects)
        // It would show one service the URL of another.
        .referer(false)
        .dns_resolver(Resolver::new(reach));
    if without_proxy { builder.no_proxy().build() } else { builder.build() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_addresses_are_checked_in_every_spelling() {
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::1]:8080/",
            "http://[::ffff:127.0.0.1]/",
            "https://169.254.170.2/v2/credentials",
            "http://10.0.0.1/",
            "ftp://example.com/",
        ] {
            assert!(check(&Url::parse(url).unwrap(), Reach::Public).is_err(), "{url}");
        }
        for url in ["https://example.com/", "http://1.1.1.1/", "http://[2606:4700::1111]/"] {
            assert!(check(&Url::parse(url).unwrap(), Reach::Public).is_ok(), "{url}");
        }
    }
}
