//! Requests that ruma does not have, or not as they are needed here: a JSON body, and a JSON object as the answer.

use std::fmt::Display;

use bytes::BufMut;
use matrix_sdk::ruma::api::{
    EndpointError, IncomingResponse, Metadata,
    auth_scheme::AuthScheme,
    client::uiaa::UiaaResponse,
    error::{DeserializationError, FromHttpResponseError, IntoHttpError},
    path_builder::PathBuilder,
};
use serde::Serialize;
use serde_json::{Map, Value};

/// An answer: a JSON object with a success status.
///
/// ruma takes every status below 400, with any body, for the success of a request whose answer has no fields. A page
/// of somebody on the way (a captive portal, a redirect) would then count as a changed password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonAnswer(pub(crate) Map<String, Value>);

impl IncomingResponse for JsonAnswer {
    type EndpointError = UiaaResponse;

    fn try_from_http_response<T: AsRef<[u8]>>(
        response: http::Response<T>,
    ) -> Result<Self, FromHttpResponseError<UiaaResponse>> {
        if response.status().as_u16() >= 400 {
            return Err(FromHttpResponseError::Server(UiaaResponse::from_http_response(
                response,
            )));
        }
        let unreadable =
            |error| FromHttpResponseError::<UiaaResponse>::Deserialization(DeserializationError::Json(error));
        let object = serde_json::from_slice(response.body().as_ref()).map_err(unreadable)?;
        if !response.status().is_success() {
            let words = format!("status {}", response.status());
            return Err(unreadable(serde::de::Error::custom(words)));
        }
        Ok(Self(object))
    }
}

/// Builds the HTTP request of `R`, with `body` as JSON if there is one.
pub(crate) fn http_request<R: Metadata, T: Default + BufMut + AsRef<[u8]>>(
    base_url: &str,
    authentication: <R::Authentication as AuthScheme>::Input<'_>,
    path: <R::PathBuilder as PathBuilder>::Input<'_>,
    path_args: &[&dyn Display],
    body: Option<&impl Serialize>,
) -> Result<http::Request<T>, IntoHttpError> {
    let mut bytes = T::default();
    if let Some(body) = body {
        bytes.put_slice(&zeroize::Zeroizing::new(serde_json::to_vec(body)?));
    }
    let mut request = http::Request::builder()
        .method(R::METHOD)
        .uri(R::make_endpoint_url(path, base_url, path_args, "")?)
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(bytes)?;
    R::Authentication::add_authentication(&mut request, authentication)
        .map_err(|error| IntoHttpError::Authentication(error.into()))?;
    Ok(request)
}
