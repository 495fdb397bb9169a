//! One page in the browser.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::{Thumbnail, pipe::Pipe, thumbnail};

/// What is left below the end of a part of the page, in pixels.
const MARGIN: u32 = 24;

/// What the person has chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Dark letters on a light ground.
    Light,
    /// Light letters on a dark ground.
    Dark,
}

/// How the page is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Width of the window in pixels; below 600 it is a telephone's.
    pub width: u32,
    /// Light or dark.
    pub scheme: Scheme,
}

/// An open page.
#[derive(Debug)]
pub struct Tab<'a> {
    pipe: &'a mut Pipe,
}

impl<'a> Tab<'a> {
    pub(super) fn open(pipe: &'a mut Pipe, file: &Path) -> Result<Self> {
        pipe.leave();
        let target = pipe.call("Target.createTarget", json!({"url": "about:blank"}))?;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = pipe.call("Target.attachToTarget", attach)?;
        pipe.enter(session["sessionId"].as_str().context("no tab")?);
        for domain in ["Page", "Network", "Log", "Runtime", "Audits"] {
            pipe.call(&format!("{domain}.enable"), json!({}))?;
        }
        let url = format!("file://{}", file.canonicalize()?.display());
        let answer = pipe.call("Page.navigate", json!({"url": url}))?;
        ensure!(answer["errorText"].is_null(), "{url}: {}", answer["errorText"]);
        pipe.wait_for("Page.loadEventFired")?;
        Ok(Self { pipe })
    }

    /// Looks at the page from a window of this width.
    pub fn look(&mut self, look: Look) -> Result<()> {
        let telephone = look.width < 600;
        let size = json!({"width": look.width, "height": 900, "deviceScaleFactor": 1, "mobile": telephone});
        self.pipe.call("Emulation.setDeviceMetricsOverride", size)?;
        let scheme = match look.scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let feature = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.pipe.call("Emulation.setEmulatedMedia", feature)?;
        Ok(())
    }

    /// Evaluates an expression in the page, waits for its promise, and returns its value.
    pub fn evaluate(&mut self, expression: &str) -> Result<Value> {
        let call = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let mut answer = self.pipe.call("Runtime.evaluate", call)?;
        let thrown = &answer["exceptionDetails"];
        ensure!(thrown.is_null(), "{expression:.200}: {thrown}");
        Ok(answer["result"]["value"].take())
    }

    /// The whole page as a picture (PNG).
    pub fn picture(&mut self) -> Result<Vec<u8>> {
        let call = json!({"format": "png", "captureBeyondViewport": true});
        let answer = self.pipe.call("Page.captureScreenshot", call)?;
        decode(&answer)
    }

    /// The upper part of the page as a picture (PNG): as wide as the window, down to `bottom` and a margin.
    pub fn picture_down_to(&mut self, bottom: &str) -> Result<Vec<u8>> {
        let place = format!("document.querySelector({bottom:?}).getBoundingClientRect().bottom");
        let size = self.evaluate(&format!("[window.innerWidth, Math.ceil({place}) + {MARGIN}]"))?;
        let clip = json!({"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1});
        let call = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let answer = self.pipe.call("Page.captureScreenshot", call)?;
        decode(&answer)
    }

    /// Looks at a picture (PNG) from far away. The page itself does not matter.
    pub fn thumbnail(&mut self, picture: &[u8]) -> Result<Thumbnail> {
        let seen = self.evaluate(&thumbnail::script(&BASE64_STANDARD.encode(picture)))?;
        Ok(serde_json::from_value(seen)?)
    }

    /// The page as it is printed (PDF).
    pub fn print(&mut self) -> Result<Vec<u8>> {
        let call = json!({"preferCSSPageSize": true, "printBackground": true});
        let answer = self.pipe.call("Page.printToPDF", call)?;
        decode(&answer)
    }

    /// Everything that was asked for on behalf of the page, the page itself first.
    pub fn requests(&self) -> Vec<String> {
        let asked = self
            .pipe
            .reports()
            .iter()
            .filter(|it| it["method"] == "Network.requestWillBeSent");
        let urls = asked.filter_map(|it| it["params"]["request"]["url"].as_str());
        urls.map(str::to_owned).collect()
    }

    /// Everything that the browser has to say about the page: console, errors, warnings, issues.
    pub fn complaints(&self) -> Vec<String> {
        let complains = |it: &&Value| {
            let method = it["method"].as_str().unwrap_or_default();
            let domains = ["Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"];
            domains.contains(&method) || method == "Audits.issueAdded"
        };
        self.pipe
            .reports()
            .iter()
            .filter(complains)
            .map(|it| it["params"].to_string())
            .collect()
    }
}

fn decode(answer: &Value) -> Result<Vec<u8>> {
    let data = answer["data"].as_str().context("no data")?;
    Ok(BASE64_STANDARD.decode(data)?)
}
