package io.millrace.gateway.browsers;

import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * By which names the gateway is called, and from which pages ({@code millrace.gateway.*}).
 *
 * @param allowedHosts names in the Host header beside local ones, with `*` for any characters, for
 *     example `mlops.example.org` or `*.example.org`; `*` alone allows all
 * @param allowedOrigins pages of other origins that may change something, as `https://host:port` or
 *     as a host, with `*` for any characters
 * @param frameOptions the header X-Frame-Options; `NONE` leaves it out
 */
@ConfigurationProperties("millrace.gateway")
public record BrowserSettings(
    @DefaultValue List<String> allowedHosts,
    @DefaultValue List<String> allowedOrigins,
    @DefaultValue("SAMEORIGIN") String frameOptions) {

  public BrowserSettings {
    allowedHosts = List.copyOf(allowedHosts);
    allowedOrigins = List.copyOf(allowedOrigins);
  }
}
