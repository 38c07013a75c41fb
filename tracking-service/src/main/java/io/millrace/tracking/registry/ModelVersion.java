package io.millrace.tracking.registry;

import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * One version of a registered model.
 *
 * @param version counted from 1, never used twice
 * @param created milliseconds since 1970
 * @param updated milliseconds since 1970
 * @param storageLocation where the source leads; null: the source is the place
 * @param runId empty where the client named none
 * @param requestId training request it comes from; null for what an MLflow client registered
 * @param modelPackage null for what is tracked but cannot be served
 */
public record ModelVersion(
    String name,
    int version,
    long created,
    long updated,
    String userId,
    String stage,
    String description,
    String source,
    @Nullable String storageLocation,
    String runId,
    String runLink,
    String status,
    @Nullable String requestId,
    @Nullable ModelPackage modelPackage,
    SortedMap<String, String> tags,
    java.util.List<String> aliases) {}
