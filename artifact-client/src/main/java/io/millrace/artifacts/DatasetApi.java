package io.millrace.artifacts;

import java.io.IOException;
import java.net.http.HttpClient;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.client.ClientHttpRequestInterceptor;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.support.RestClientAdapter;
import org.springframework.web.service.annotation.GetExchange;
import org.springframework.web.service.annotation.HttpExchange;
import org.springframework.web.service.invoker.HttpServiceProxyFactory;
import tools.jackson.databind.JsonNode;

/**
 * The dataset catalogue of artifact-service. Calls are not retried; they throw {@link
 * ArtifactRefused}, {@link ArtifactUnavailable}, or RestClientException for an answer that cannot
 * be read.
 */
@HttpExchange("/api/v1/datasets")
public interface DatasetApi {

  /**
   * A dataset version.
   *
   * @param version number or {@code latest}
   */
  @GetExchange("/{name}/versions/{version}")
  Version version(@PathVariable String name, @PathVariable String version);

  /** The first datasets by name. */
  @GetExchange
  Listing list(@RequestParam int limit);

  /**
   * A dataset version.
   *
   * @param digest SHA-256 of its manifest
   * @param sha256 of its table; null where it has several files and no single table
   * @param size of the table in bytes, else of all files
   * @param schema columns of the table
   */
  record Version(
      String name,
      int version,
      String digest,
      String uri,
      @Nullable String mediaType,
      @Nullable String sha256,
      long size,
      int files,
      long rows,
      JsonNode schema) {

    /** An answer without what every version has is not one of artifact-service. */
    public Version {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(digest, "digest");
      Objects.requireNonNull(uri, "uri");
      Objects.requireNonNull(schema, "schema");
    }
  }

  /** A page of datasets. */
  record Listing(List<Item> items) {

    /** A dataset. */
    public record Item(String name) {}
  }

  /** The catalogue of the service that the settings name. */
  static DatasetApi of(ArtifactSettings settings, List<ClientHttpRequestInterceptor> interceptors) {
    JdkClientHttpRequestFactory requests =
        new JdkClientHttpRequestFactory(
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(settings.connectTimeout())
                .build());
    requests.setReadTimeout(settings.timeout());
    RestClient client =
        RestClient.builder()
            .baseUrl(settings.uri())
            .requestFactory(requests)
            .requestInterceptor(
                (request, body, execution) -> {
                  try {
                    return execution.execute(request, body);
                  } catch (IOException e) {
                    throw new ArtifactUnavailable(
                        "artifact-service at %s cannot be reached: %s".formatted(settings.uri(), e),
                        e);
                  }
                })
            .requestInterceptors(all -> all.addAll(interceptors))
            .defaultStatusHandler(
                HttpStatusCode::isError,
                (request, response) -> {
                  int status = response.getStatusCode().value();
                  if (Refusals.mayPass(status)) {
                    throw new ArtifactUnavailable(
                        "artifact-service at %s answered %d".formatted(settings.uri(), status));
                  }
                  throw Refusals.of("GET " + request.getURI(), status, response.getBody());
                })
            .build();
    return HttpServiceProxyFactory.builderFor(RestClientAdapter.create(client))
        .build()
        .createClient(DatasetApi.class);
  }
}
