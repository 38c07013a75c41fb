package io.millrace.tracking.registry;

import io.millrace.tracking.experiments.Tag;
import io.millrace.tracking.mlflow.MlflowException;
import io.millrace.tracking.mlflow.MlflowMessage;
import io.millrace.tracking.mlflow.Names;
import io.millrace.tracking.mlflow.ProtoJson;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What goes over the wire about registered models, and the checks of what comes in. */
final class RegistryMessages {

  private static final int LONGEST_NAME = 256;
  private static final int LONGEST_ALIAS = 255;
  private static final int LONGEST_VALUE = 100_000;

  private static final Pattern ALIAS =
      Pattern.compile("[\\w\\-]*", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern VERSION_ALIAS = Pattern.compile("[vV]\\d+");

  /** The alias that always means the newest version. */
  static final String LATEST = "latest";

  private RegistryMessages() {}

  @ProtoJson
  record VersionMessage(
      String name,
      String version,
      long creationTimestamp,
      long lastUpdatedTimestamp,
      String userId,
      String currentStage,
      String description,
      String source,
      String runId,
      String status,
      String runLink,
      List<Tag> tags,
      List<String> aliases) {

    static VersionMessage of(ModelVersion version) {
      return new VersionMessage(
          version.name(),
          Integer.toString(version.version()),
          version.created(),
          version.updated(),
          version.userId(),
          version.stage(),
          version.description(),
          version.source(),
          version.runId(),
          version.status(),
          version.runLink(),
          Tag.list(version.tags()),
          version.aliases());
    }
  }

  @ProtoJson
  record AliasMessage(String alias, String version) {}

  @ProtoJson
  record ModelMessage(
      String name,
      long creationTimestamp,
      long lastUpdatedTimestamp,
      @Nullable String description,
      List<VersionMessage> latestVersions,
      List<Tag> tags,
      List<AliasMessage> aliases) {

    static ModelMessage of(RegisteredModel model, List<ModelVersion> latest) {
      return new ModelMessage(
          model.name(),
          model.created(),
          model.updated(),
          model.description().isEmpty() ? null : model.description(),
          latest.stream().map(VersionMessage::of).toList(),
          Tag.list(model.tags()),
          model.aliases().entrySet().stream()
              .map(alias -> new AliasMessage(alias.getKey(), alias.getValue().toString()))
              .toList());
    }
  }

  @ProtoJson
  record OneModel(ModelMessage registeredModel) {}

  @ProtoJson
  record Models(List<ModelMessage> registeredModels, @Nullable String nextPageToken) {}

  @ProtoJson
  record OneVersion(VersionMessage modelVersion) {

    static OneVersion of(ModelVersion version) {
      return new OneVersion(VersionMessage.of(version));
    }
  }

  @ProtoJson
  record Versions(List<VersionMessage> modelVersions, @Nullable String nextPageToken) {}

  @ProtoJson
  record DownloadUri(String artifactUri) {}

  @ProtoJson
  record Empty() {}

  /** A name that a model may be given. */
  static String newName(MlflowMessage message, String field) {
    String name = Names.limited(message.required(field), field, LONGEST_NAME);
    if (name.isBlank()) {
      throw message.missing(field);
    }
    if (name.indexOf('/') >= 0 || name.indexOf(':') >= 0) {
      throw MlflowException.invalid(
          "Invalid model name '%s'. Names cannot contain '/' or ':'.".formatted(name));
    }
    if (name.equals(".") || name.equals("..")) {
      throw MlflowException.invalid(
          "Invalid model name '%s'. It would be another place in a path.".formatted(name));
    }
    return name;
  }

  static int version(MlflowMessage message) {
    String version = message.required("version");
    try {
      return Integer.parseInt(version);
    } catch (NumberFormatException notWhole) {
      throw MlflowException.invalid(
          "Parameter 'version' must be an integer, got '%s'.".formatted(version));
    }
  }

  static String description(MlflowMessage message) {
    return Names.limited(message.textOrEmpty("description"), "description", LONGEST_VALUE);
  }

  static String key(MlflowMessage message) {
    return Names.key(message.required("key"), message.path("key"));
  }

  static String value(MlflowMessage message) {
    return Names.limited(message.textOrEmpty("value"), "value", LONGEST_VALUE);
  }

  static SortedMap<String, String> tags(MlflowMessage message) {
    SortedMap<String, String> tags = new TreeMap<>(Tag.read(message, "tags"));
    tags.values().forEach(value -> Names.limited(value, "value", LONGEST_VALUE));
    return tags;
  }

  static boolean isLatest(String alias) {
    return alias.toLowerCase(Locale.ROOT).equals(LATEST);
  }

  /** An alias that a version may be given. */
  static String newAlias(MlflowMessage message) {
    String alias = Names.limited(message.required("alias"), "alias", LONGEST_ALIAS);
    if (!ALIAS.matcher(alias).matches()) {
      throw MlflowException.invalid(
          "Invalid alias name '%s'. Names may only contain alphanumerics, underscores (_), and dashes (-)."
              .formatted(alias));
    }
    if (isLatest(alias)) {
      throw MlflowException.invalid(
          "The alias '%s' is reserved: it always means the newest version.".formatted(alias));
    }
    if (VERSION_ALIAS.matcher(alias).matches()) {
      throw MlflowException.invalid(
          "The alias '%s' is reserved: it reads like a version number.".formatted(alias));
    }
    return alias;
  }
}
