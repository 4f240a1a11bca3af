//! The kit's own tests: upstreams driven by a plain client, and a shell script in the gateway's place.
