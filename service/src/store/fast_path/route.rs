//! The cached route to the table: endpoint, user agent and signer, taken from an SDK request that the table accepted.

use std::sync::{Arc, PoisonError, RwLock};

use aws_sdk_dynamodb::config::{
    ConfigBag, Intercept, RuntimeComponents,
    interceptors::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{identity::Identity, orchestrator::HttpRequest},
};
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use http::Uri;

use super::sigv4::CachedSigner;
use crate::{clock, store::credentials::CredentialsCache};

/// The headers that identify the client to AWS.
const USER_AGENT_HEADERS: [&str; 2] = ["user-agent", "x-amz-user-agent"];

/// The parts that all requests to the table have in common.
#[derive(Debug)]
pub(super) struct CachedRoute {
    uri: Uri,
    user_agent: Vec<(&'static str, String)>,
    /// `None` if requests are not signed, as for the embedded store.
    signer: Option<CachedSigner>,
}

impl CachedRoute {
    /// Takes the route of a request that the SDK prepared.
    fn from_request(request: &HttpRequest, identity: Option<Identity>) -> Option<Self> {
        let headers = request.headers();
        let signer = match headers.get("authorization") {
            None => None,
            Some(authorization) => Some(CachedSigner::new(identity?, region(authorization)?)?),
        };
        let user_agent =
            USER_AGENT_HEADERS.into_iter().filter_map(|name| Some((name, headers.get(name)?.to_owned()))).collect();
        Some(Self { uri: request.uri().parse().ok()?, user_agent, signer })
    }

    /// Completes a serialized request: sets its URI and user agent, and signs it.
    pub(super) fn prepare(&self, mut request: HttpRequest) -> Option<HttpRequest> {
        request.set_uri(self.uri.clone()).ok()?;
        for (name, value) in &self.user_agent {
            request.headers_mut().insert(*name, value.clone());
        }
        if let Some(signer) = &self.signer {
            signer.sign(&mut request, clock::epoch_seconds())?;
        }
        Some(request)
    }
}

/// Extracts the region from `AWS4-HMAC-SHA256 Credential=<id>/<day>/<region>/dynamodb/aws4_request, …`.
fn region(authorization: &str) -> Option<&str> {
    let scope = authorization.strip_prefix("AWS4-HMAC-SHA256 Credential=")?.split(',').next()?;
    match scope.rsplit('/').collect::<Vec<_>>()[..] {
        ["aws4_request", "dynamodb", region, ..] => Some(region),
        _ => None,
    }
}

/// Records the route of the first SDK request that succeeds, and another one when the route's credentials are replaced
/// or about to expire.
#[derive(Debug, Clone)]
pub(in crate::store) struct RouteRecorder {
    credentials: CredentialsCache,
    cached: Arc<RwLock<Option<Arc<CachedRoute>>>>,
}

/// The route of a request in flight, cached if the table accepts the request.
#[derive(Debug)]
struct CandidateRoute(Arc<CachedRoute>);

impl Storable for CandidateRoute {
    type Storer = StoreReplace<Self>;
}

impl RouteRecorder {
    pub(in crate::store) fn new(credentials: CredentialsCache) -> Self {
        Self { credentials, cached: Arc::default() }
    }

    /// Returns the cached route if the SDK would sign with the same credentials.
    pub(super) fn route(&self) -> Option<Arc<CachedRoute>> {
        let route = self.cached.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        let current = route.signer.as_ref().is_none_or(|signer| self.credentials.is_current(signer.identity()));
        current.then_some(route)
    }
}

impl Intercept for RouteRecorder {
    fn name(&self) -> &'static str {
        "RouteRecorder"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.route().is_none()
            && let Some(route) = CachedRoute::from_request(context.request(), self.credentials.latest())
        {
            bag.interceptor_state().store_put(CandidateRoute(Arc::new(route)));
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(CandidateRoute(route)) = bag.load::<CandidateRoute>()
            && context.response().is_some_and(|response| response.status().is_success())
        {
            *self.cached.write().unwrap_or_else(PoisonError::into_inner) = Some(route.clone());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn region_is_read_from_a_dynamodb_signature_only() {
        let signed = "AWS4-HMAC-SHA256 Credential=AKID/20261123/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, \
                      Signature=0";
        assert_eq!(region(signed), Some("eu-west-1"));
        for other in ["Bearer x", "AWS4-HMAC-SHA256 Credential=AKID/20261123/eu-west-1/s3/aws4_request, S"] {
            assert_eq!(region(other), None, "{other}");
        }
    }
}
