//! Outgoing connections and the configuration for AWS, the same for the service and its deployer.
//!
//! Requests go through the proxy that `HTTPS_PROXY`, `HTTP_PROXY` or `ALL_PROXY` names, unless `NO_PROXY` excludes
//! their host. They never do so to this machine, as in Go and so in Terraform, nor to link-local addresses: the
//! endpoints that hand out a role's credentials (169.254.169.254, 169.254.170.2) are reachable from this machine only.

#![expect(clippy::disallowed_methods, reason = "reads the variables of the AWS SDKs and of proxies")]

use std::{net::IpAddr, time::Duration};

use aws_config::{
    BehaviorVersion, ConfigLoader, Region, SdkConfig, imds::region::ImdsRegionProvider,
    meta::region::RegionProviderChain, profile::ProfileFileRegionProvider, provider_config::ProviderConfig,
};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::{
    Builder, Connector,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

const PROXIES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// Loads the configuration from the environment, the profile and the instance. `region` overrides theirs, and `default`
/// is the region if there is none.
///
/// A blank variable counts as unset, because pipelines set variables without a value to the empty text.
pub async fn load(region: Option<&str>, default: Option<&str>) -> SdkConfig {
    let http = http_client();
    let profile = selected_profile().unwrap_or_else(|| "default".to_owned());
    let regions = match region.map(str::to_owned).or_else(|| first_of(&["AWS_REGION", "AWS_DEFAULT_REGION"])) {
        Some(region) => RegionProviderChain::first_try(Region::new(region)),
        None => {
            let provider = ProviderConfig::without_region().with_http_client(http.clone());
            let of_profile = ProfileFileRegionProvider::builder().configure(&provider).profile_name(profile.clone());
            let of_instance = ImdsRegionProvider::builder().configure(&provider);
            RegionProviderChain::first_try(of_profile.build()).or_else(of_instance.build())
        }
    };
    let regions = regions.or_else(default.map(|region| Region::new(region.to_owned())));
    let loader = ConfigLoader::default().behavior_version(BehaviorVersion::latest()).http_client(http);
    let config = loader.profile_name(profile).region(regions).load().await;
    let without_blanks = WithoutBlanks(config.clone());
    config.into_builder().service_config(without_blanks).build()
}

/// Returns the profile that the environment selects, if it selects one.
pub fn selected_profile() -> Option<String> {
    first_of(&["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
}

/// Returns the HTTP client for the SDK.
pub fn http_client() -> SharedHttpClient {
    let direct = Builder::new().tls_provider(tls()).build_https();
    if !has_proxy() {
        return direct;
    }
    let proxied = Builder::new().build_with_connector_fn(|settings, components| {
        let mut builder = Connector::builder().proxy_config(ProxyConfig::from_env());
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        builder.tls_provider(tls()).build()
    });
    SharedHttpClient::new(Routed { direct, proxied })
}

/// Returns a connector for requests that are sent without the SDK.
pub fn connector(connect_timeout: Option<Duration>) -> SharedHttpConnector {
    let builder = || {
        let mut settings = HttpConnectorSettings::builder();
        settings.set_connect_timeout(connect_timeout);
        Connector::builder().connector_settings(settings.build()).sleep_impl(TokioSleep::new()).tls_provider(tls())
    };
    let direct = SharedHttpConnector::new(builder().build());
    if !has_proxy() {
        return direct;
    }
    let proxied = SharedHttpConnector::new(builder().proxy_config(ProxyConfig::from_env()).build());
    SharedHttpConnector::new(Routed { direct, proxied })
}

/// Selects ring for TLS.
fn tls() -> Provider {
    Provider::Rustls(CryptoMode::Ring)
}

/// Returns the hosts of the proxies that the environment names.
pub(crate) fn proxy_hosts() -> Vec<String> {
    let host = |name: &&str| {
        let proxy = first_of(&[*name])?;
        let url = if proxy.contains("://") { proxy } else { format!("http://{proxy}") };
        Some(url.parse::<http::Uri>().ok()?.host()?.to_owned())
    };
    PROXIES.iter().filter_map(host).collect()
}

fn has_proxy() -> bool {
    first_of(&PROXIES).is_some()
}

/// Returns the first of these variables that is not blank.
fn first_of(names: &[&str]) -> Option<String> {
    names.iter().filter_map(|name| std::env::var(name).ok()).find_map(|value| {
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    })
}

/// Sends requests to this machine and to link-local addresses directly, and all others by way of the proxy settings.
#[derive(Debug)]
struct Routed<T> {
    direct: T,
    proxied: T,
}

impl HttpClient for Routed<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Routed {
            direct: self.direct.http_connector(settings, components),
            proxied: self.proxied.http_connector(settings, components),
        })
    }
}

impl HttpConnector for Routed<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if is_local(request.uri()) { self.direct.call(request) } else { self.proxied.call(request) }
    }
}

fn is_local(url: &str) -> bool {
    let Ok(url) = url.parse::<http::Uri>() else { return false };
    let Some(host) = url.host() else { return false };
    match host.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        // fd00:ec2::/32 is the link-local range of EC2 for IPv6.
        Ok(IpAddr::V6(address)) => {
            address.is_loopback() || address.is_unicast_link_local() || address.segments()[..2] == [0xfd00, 0x0ec2]
        }
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// Settings of single services, of which blank ones count as unset.
#[derive(Debug)]
struct WithoutBlanks(SdkConfig);

impl LoadServiceConfig for WithoutBlanks {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        self.0.service_config()?.load_config(key).filter(|value| !value.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_addresses_bypass_proxies() {
        for url in [
            "http://localhost:8000/",
            "http://db.localhost/",
            "http://127.0.0.2:8000",
            "http://[::1]:8000/",
            "http://169.254.170.2/v2/credentials",
            "http://169.254.169.254/latest",
            "http://[fd00:ec2::254]/latest",
        ] {
            assert!(is_local(url), "{url}");
        }
        for url in ["https://dynamodb.us-east-1.amazonaws.com/", "http://10.0.0.1/", "http://[2001:db8::1]/", "x"] {
            assert!(!is_local(url), "{url}");
        }
    }
}
