package io.millrace.training.services;

import java.net.URI;
import java.time.Duration;
import tools.jackson.databind.json.JsonMapper;

/** Clients outside Spring, for tests. */
public final class Services {

  private Services() {}

  public static Artifacts artifacts(String uri, Duration patience) {
    ServiceSettings.Address address = new ServiceSettings.Address(URI.create(uri));
    ServiceSettings settings =
        new ServiceSettings(
            address, address, address, new ServiceSettings.Patience(patience, patience));
    return new Artifacts(new PatientHttp(JsonMapper.builder().build(), settings), settings);
  }
}
