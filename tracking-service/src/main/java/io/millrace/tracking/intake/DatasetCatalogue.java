package io.millrace.tracking.intake;

import io.millrace.artifacts.ArtifactRefused;
import io.millrace.artifacts.ArtifactUnavailable;
import io.millrace.artifacts.DatasetApi;
import io.millrace.datasets.NearestName;
import io.millrace.messaging.RetryableFailure;
import io.millrace.pipeline.Pipeline;
import io.millrace.tracking.work.DatasetVersion;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import org.springframework.web.client.RestClientException;

/** Looks dataset versions up at artifact-service. */
@Component
class DatasetCatalogue {

  private static final Logger log = LoggerFactory.getLogger(DatasetCatalogue.class);
  private static final Duration AGAIN = Duration.ofSeconds(1);
  private static final int MOST_NAMES = 1000;

  private final DatasetApi datasets;

  DatasetCatalogue(DatasetApi datasets) {
    this.datasets = datasets;
  }

  /** Result of a look-up. */
  sealed interface Found {
    /** The version, with its columns as JSON and its rows. */
    record Version(DatasetVersion version, String schema, long rows) implements Found {}

    /** No such version, or none to train on. */
    record None(Reason reason) implements Found {}
  }

  /**
   * Finds a version.
   *
   * @throws RetryableFailure where artifact-service does not answer just now
   */
  Found find(Pipeline.Dataset dataset) {
    try {
      return version(dataset, datasets.version(dataset.name(), dataset.version().toString()));
    } catch (ArtifactRefused refused) {
      return new Found.None(
          new Reason("dataset-not-found", explained(dataset, refused), "dataset.name"));
    } catch (ArtifactUnavailable unavailable) {
      throw unavailable(unavailable);
    } catch (RestClientException unreadable) {
      throw new RetryableFailure(
          "The answer of artifact-service about dataset %s cannot be read: %s"
              .formatted(dataset.name(), unreadable.getMessage()),
          AGAIN);
    }
  }

  private static Found version(Pipeline.Dataset dataset, DatasetApi.Version found) {
    String sha256 = found.sha256();
    if (sha256 == null) {
      return new Found.None(
          new Reason(
              "dataset-not-a-table",
              "Dataset '%s' version %d has %d files and no single table to train on; push one CSV."
                  .formatted(dataset.name(), found.version(), found.files()),
              "dataset.name"));
    }
    return new Found.Version(
        new DatasetVersion(
            found.name(),
            found.version(),
            found.digest(),
            found.uri(),
            found.mediaType() == null ? "text/csv" : found.mediaType(),
            sha256,
            found.size()),
        found.schema().toString(),
        found.rows());
  }

  private String explained(Pipeline.Dataset dataset, ArtifactRefused refused) {
    List<String> names = names();
    if (names.contains(dataset.name())) {
      return "Dataset '%s' has no version %s: %s"
          .formatted(dataset.name(), dataset.version(), refused.detail());
    }
    return "There is no dataset '%s'%s. Push it first: millrace push %s <file.csv>."
        .formatted(
            dataset.name(),
            NearestName.of(dataset.name(), names)
                .map(near -> "; did you mean '" + near + "'?")
                .orElse(""),
            dataset.name());
  }

  private List<String> names() {
    try {
      return datasets.list(MOST_NAMES).items().stream().map(DatasetApi.Listing.Item::name).toList();
    } catch (ArtifactUnavailable unavailable) {
      throw unavailable(unavailable);
    } catch (ArtifactRefused | RestClientException noSuggestions) {
      log.warn("Dataset names for a suggestion: {}", noSuggestions.toString());
      return List.of();
    }
  }

  private static RetryableFailure unavailable(ArtifactUnavailable cause) {
    return new RetryableFailure(String.valueOf(cause.getMessage()), AGAIN);
  }
}
