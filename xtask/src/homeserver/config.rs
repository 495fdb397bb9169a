//! Synapse's configuration for each profile, as JSON, which is YAML too.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::profile::Profile;

/// The name in user ids. No domain on the internet can have it.
pub(crate) const SERVER_NAME: &str = "lifeboat.localhost";

/// Every limiter of Synapse 1.163 that takes `per_second` and `burst_count`, by its path in the configuration.
const LIMITERS: [&[&str]; 21] = [
    &["rc_3pid_validation"],
    &["rc_delayed_event_mgmt"],
    &["rc_invites", "per_issuer"],
    &["rc_invites", "per_room"],
    &["rc_invites", "per_user"],
    &["rc_joins", "local"],
    &["rc_joins", "remote"],
    &["rc_joins_per_room"],
    &["rc_key_requests"],
    &["rc_login", "account"],
    &["rc_login", "address"],
    &["rc_login", "failed_attempts"],
    &["rc_media_create"],
    &["rc_message"],
    &["rc_presence", "per_user"],
    &["rc_profile"],
    &["rc_registration"],
    &["rc_reports"],
    &["rc_room_creation"],
    &["rc_third_party_invite"],
    &["rc_user_directory"],
];

/// What differs from one start to the next.
pub(crate) struct Settings<'a> {
    /// Where Synapse listens, on the loopback interface.
    pub(crate) port: u16,
    /// Where the mail sink listens.
    pub(crate) smtp_port: u16,
    /// Where the CAS server listens, if the profile has one.
    pub(crate) cas_port: Option<u16>,
    /// Where the OAuth server listens, with TLS, if the profile has one.
    pub(crate) oauth_port: Option<u16>,
    /// The folder of this start: keys, configuration, logs.
    pub(crate) folder: &'a Path,
    /// The folder of the database and of media, perhaps in memory.
    pub(crate) data: &'a Path,
    /// Lets its holder register users, administrators too.
    pub(crate) registration_shared_secret: &'a str,
    /// Signs tokens and forms.
    pub(crate) server_secret: &'a str,
}

/// Where clients reach the server.
pub(crate) fn base_url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// Renders `homeserver.yaml`.
pub(crate) fn render(profile: Profile, settings: &Settings<'_>) -> Value {
    let mut config = common(settings);
    if profile != Profile::Limits {
        config.append(&mut lifted_limits());
    }
    match profile {
        Profile::Default | Profile::Twin => {
            // Dehydrated devices, so that they can be found.
            config.insert("experimental_features".into(), json!({"msc3814_enabled": true}));
            let services = json!([service_file(settings.folder)]);
            config.insert("app_service_config_files".into(), services);
        }
        Profile::Limits => {}
        Profile::Policy => {
            config.insert("request_token_inhibit_3pid_errors".into(), json!(true));
            config.insert("password_config".into(), json!({"policy": policy()}));
        }
        Profile::ShortLink => config["email"]["validation_token_lifetime"] = json!("5s"),
        Profile::Sso => {
            let server_url = settings.cas_port.map(base_url);
            // The accounts are there before anybody signs in to them.
            let cas = json!({"enabled": true, "server_url": server_url, "enable_registration": false});
            config.insert("cas_config".into(), cas);
        }
        Profile::Oauth => {
            let endpoint = settings.oauth_port.map(|port| format!("https://localhost:{port}/"));
            let secret = settings.registration_shared_secret;
            let service = json!({"enabled": true, "endpoint": endpoint, "secret": secret});
            config.insert("matrix_authentication_service".into(), service);
            config.insert("password_config".into(), json!({"enabled": false}));
            config.insert("enable_3pid_changes".into(), json!(false));
        }
    }
    Value::Object(config)
}

/// Where the registration of the application service is.
pub(crate) fn service_file(folder: &Path) -> PathBuf {
    folder.join("service.yaml")
}

/// Renders the registration of an application service, whose token may send messages of earlier days for the users that the
/// tests make for that. It is a token only: nobody listens for it.
pub(crate) fn render_service(settings: &Settings<'_>) -> Value {
    json!({
        "id": "earlier-days", "url": null, "sender_localpart": "earlier-days", "rate_limited": false,
        "as_token": settings.registration_shared_secret, "hs_token": settings.server_secret,
        "namespaces": {"users": [{"exclusive": false, "regex": format!("@old-.*:{SERVER_NAME}")}]},
    })
}

/// Renders the logging configuration: one line per request and every warning, to standard error.
pub(crate) fn render_logging() -> Value {
    json!({
        "version": 1,
        "disable_existing_loggers": false,
        "formatters": {"plain": {
            "format": "%(asctime)s %(levelname)s %(name)s %(request)s %(message)s",
        }},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
        "loggers": {"synapse.access.http": {"level": "INFO"}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
    })
}

fn common(settings: &Settings<'_>) -> Map<String, Value> {
    let Settings {
        port,
        smtp_port,
        folder,
        data,
        ..
    } = settings;
    let entries = [
        ("server_name", json!(SERVER_NAME)),
        ("public_baseurl", json!(format!("{}/", base_url(*port)))),
        ("report_stats", json!(false)),
        (
            "listeners",
            json!([{
                "port": port, "bind_addresses": ["127.0.0.1"], "type": "http", "tls": false,
                "x_forwarded": false, "resources": [{"names": ["client"]}],
            }]),
        ),
        (
            "database",
            json!({"name": "sqlite3", "args": {"database": data.join("homeserver.db")}}),
        ),
        ("media_store_path", json!(data.join("media"))),
        ("log_config", json!(folder.join("log.yaml"))),
        ("signing_key_path", json!(folder.join("signing.key"))),
        ("trusted_key_servers", json!([])),
        ("suppress_key_server_warning", json!(true)),
        ("federation_domain_whitelist", json!([])),
        ("registration_shared_secret", json!(settings.registration_shared_secret)),
        ("macaroon_secret_key", json!(settings.server_secret)),
        ("form_secret", json!(settings.server_secret)),
        // The cheapest the library takes: tests change many passwords, and none is worth guessing.
        ("bcrypt_rounds", json!(4)),
        ("presence", json!({"enabled": false})),
        ("background_updates", json!({"sleep_enabled": false})),
        (
            "email",
            json!({
                "smtp_host": "127.0.0.1", "smtp_port": smtp_port, "enable_tls": false,
                "notif_from": "Lifeboat tests <noreply@lifeboat.localhost>",
            }),
        ),
    ];
    entries
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

fn lifted_limits() -> Map<String, Value> {
    let mut limits = Map::new();
    for path in LIMITERS {
        let lifted = json!({"per_second": 100_000, "burst_count": 100_000});
        match path {
            [name, inner] => {
                let group = limits.entry(*name).or_insert_with(|| json!({}));
                group[*inner] = lifted;
            }
            names => {
                limits.extend(names.iter().map(|name| ((*name).to_owned(), lifted.clone())));
            }
        }
    }
    limits
}

/// Needs ten characters of every kind.
fn policy() -> Value {
    json!({
        "enabled": true, "minimum_length": 10, "require_digit": true, "require_symbol": true,
        "require_lowercase": true, "require_uppercase": true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings<'static> {
        Settings {
            port: 8008,
            smtp_port: 2525,
            cas_port: Some(8443),
            oauth_port: Some(8444),
            folder: Path::new("/folder"),
            data: Path::new("/data"),
            registration_shared_secret: "register",
            server_secret: "sign",
        }
    }

    fn rendered(profile: Profile) -> Value {
        render(profile, &settings())
    }

    #[test]
    fn every_profile_listens_on_loopback_and_sends_mail_to_the_sink() {
        for profile in Profile::ALL {
            let config = rendered(profile);
            assert_eq!(config["listeners"][0]["bind_addresses"], json!(["127.0.0.1"]));
            assert_eq!(config["listeners"][0]["port"], 8008);
            assert_eq!(config["public_baseurl"], "http://127.0.0.1:8008/");
            assert_eq!(config["email"]["smtp_port"], 2525);
            assert_eq!(config["database"]["args"]["database"], "/data/homeserver.db");
            assert_eq!(config["federation_domain_whitelist"], json!([]));
        }
    }

    #[test]
    fn only_the_limits_profile_keeps_synapses_limits() {
        for profile in Profile::ALL {
            let config = rendered(profile);
            let lifted = config["rc_login"]["address"]["burst_count"] == 100_000
                && config["rc_3pid_validation"]["per_second"] == 100_000;
            assert_eq!(lifted, profile != Profile::Limits, "{profile:?}");
            let names = config.as_object().unwrap().keys();
            assert_eq!(names.filter(|name| name.starts_with("rc_")).count() > 0, lifted);
        }
    }

    #[test]
    fn grouped_limiters_keep_their_neighbours() {
        let config = rendered(Profile::Default);
        assert_eq!(config["rc_login"].as_object().unwrap().len(), 3);
        assert_eq!(config["rc_invites"].as_object().unwrap().len(), 3);
    }

    #[test]
    fn the_policy_profile_alone_is_silent_about_addresses_and_strict_about_passwords() {
        for profile in Profile::ALL {
            let config = rendered(profile);
            let strict = profile == Profile::Policy;
            assert_eq!(config["request_token_inhibit_3pid_errors"] == true, strict);
            assert_eq!(config["password_config"]["policy"]["enabled"] == true, strict);
        }
    }

    #[test]
    fn the_short_link_profile_alone_changes_the_life_of_a_link() {
        for profile in Profile::ALL {
            let lifetime = rendered(profile)["email"]["validation_token_lifetime"].clone();
            assert_eq!(lifetime == "5s", profile == Profile::ShortLink, "{profile:?}");
        }
    }

    #[test]
    fn the_sso_profile_alone_signs_in_with_a_browser() {
        for profile in Profile::ALL {
            let address = rendered(profile)["cas_config"]["server_url"].clone();
            assert_eq!(
                address == "http://127.0.0.1:8443",
                profile == Profile::Sso,
                "{profile:?}"
            );
        }
    }

    #[test]
    fn the_oauth_profile_alone_leaves_accounts_to_another_server() {
        for profile in Profile::ALL {
            let config = rendered(profile);
            let delegated = profile == Profile::Oauth;
            let endpoint = config["matrix_authentication_service"]["endpoint"].clone();
            assert_eq!(endpoint == "https://localhost:8444/", delegated, "{profile:?}");
            // Synapse refuses to start when it is to check passwords as well.
            assert_eq!(config["password_config"]["enabled"] == false, delegated, "{profile:?}");
        }
    }

    #[test]
    fn where_tests_meet_everything_a_service_dates_messages() {
        for profile in Profile::ALL {
            let files = rendered(profile)["app_service_config_files"].clone();
            let there = matches!(profile, Profile::Default | Profile::Twin);
            assert_eq!(files == json!(["/folder/service.yaml"]), there, "{profile:?}");
        }
        let service = render_service(&settings());
        // Synapse refuses to start without the word, and would send every event somewhere with an address in its place.
        assert_eq!(service.get("url"), Some(&Value::Null));
        assert_eq!(
            (&service["as_token"], &service["hs_token"]),
            (&json!("register"), &json!("sign"))
        );
        // A limit on these users would be one on the tests.
        assert_eq!(service["rate_limited"], false);
        assert_eq!(service["namespaces"]["users"][0]["exclusive"], false);
    }

    #[test]
    fn requests_are_logged() {
        assert_eq!(render_logging()["loggers"]["synapse.access.http"]["level"], "INFO");
    }
}
