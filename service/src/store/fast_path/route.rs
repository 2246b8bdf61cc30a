//! Where the table is and how it is asked, learned from a request of the SDK that it answered.

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

use super::signing::Signing;
use crate::{clock, store::credentials::KeptCredentials};

/// The headers that tell the table who asks, as the SDK writes them.
const TOLD: [&str; 2] = ["user-agent", "x-amz-user-agent"];

/// A way to the table: what requests that it answers have in common.
#[derive(Debug)]
pub(super) struct Way {
    uri: Uri,
    told: Vec<(&'static str, String)>,
    /// Nothing if requests are not signed: the embedded store knows its callers.
    signing: Option<Signing>,
}

impl Way {
    /// The way that a request of the SDK goes.
    fn of(request: &HttpRequest, identity: Option<Identity>) -> Option<Self> {
        let headers = request.headers();
        let signing = match headers.get("authorization") {
            None => None,
            Some(authorization) => Some(Signing::new(identity?, region(authorization)?)?),
        };
        let told = TOLD.into_iter().filter_map(|name| Some((name, headers.get(name)?.to_owned()))).collect();
        Some(Self { uri: request.uri().parse().ok()?, told, signing })
    }

    /// Makes a request that was just written ready to be sent.
    pub(super) fn prepare(&self, mut request: HttpRequest) -> Option<HttpRequest> {
        request.set_uri(self.uri.clone()).ok()?;
        for (name, value) in &self.told {
            request.headers_mut().insert(*name, value.clone());
        }
        if let Some(signing) = &self.signing {
            signing.sign(&mut request, clock::epoch_seconds())?;
        }
        Some(request)
    }
}

/// The region in `AWS4-HMAC-SHA256 Credential=<id>/<day>/<region>/dynamodb/aws4_request, …`.
fn region(authorization: &str) -> Option<&str> {
    let scope = authorization.strip_prefix("AWS4-HMAC-SHA256 Credential=")?.split(',').next()?;
    match scope.rsplit('/').collect::<Vec<_>>()[..] {
        ["aws4_request", "dynamodb", region, ..] => Some(region),
        _ => None,
    }
}

/// Watches the SDK's requests until one shows a way, and again when the credentials of that way come to their end.
#[derive(Debug, Clone)]
pub(in crate::store) struct Pathfinder {
    credentials: KeptCredentials,
    known: Arc<RwLock<Option<Arc<Way>>>>,
}

/// The way of a request that is under way.
#[derive(Debug)]
struct Tried(Arc<Way>);

impl Storable for Tried {
    type Storer = StoreReplace<Self>;
}

impl Pathfinder {
    pub(in crate::store) fn new(credentials: KeptCredentials) -> Self {
        Self { credentials, known: Arc::default() }
    }

    /// The way, if one is known and its credentials are still those that the SDK would take.
    pub(super) fn way(&self) -> Option<Arc<Way>> {
        let way = self.known.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        let good = way.signing.as_ref().is_none_or(|signing| self.credentials.are(signing.identity()));
        good.then_some(way)
    }
}

impl Intercept for Pathfinder {
    fn name(&self) -> &'static str {
        "Pathfinder"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.way().is_none()
            && let Some(way) = Way::of(context.request(), self.credentials.current())
        {
            bag.interceptor_state().store_put(Tried(Arc::new(way)));
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(Tried(way)) = bag.load::<Tried>()
            && context.response().is_some_and(|answer| answer.status().is_success())
        {
            *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(way.clone());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_that_of_the_signature() {
        let signed = "AWS4-HMAC-SHA256 Credential=AKID/20261123/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
        assert_eq!(region(signed), Some("eu-west-1"));
        for other in ["Bearer x", "AWS4-HMAC-SHA256 Credential=AKID/20261123/eu-west-1/s3/aws4_request, S"] {
            assert_eq!(region(other), None);
        }
    }
}
