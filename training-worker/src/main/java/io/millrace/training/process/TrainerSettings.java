package io.millrace.training.process;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * How trainers are started and stopped (`millrace.training.*`).
 *
 * @param trainerJar jar of the trainer; null: {@code trainers-*.jar} beside the worker's own jar
 * @param trainerClassPath class path instead of a jar; empty: the jar
 * @param trainerMain main class with that class path
 * @param aotCache JDK AOT cache of the trainer, made with the same jar; null: none
 * @param memoryOverhead what a trainer's process may use beyond the run's memory limit, for code,
 *     threads and native libraries; above it is ended (where the system has /proc)
 * @param stopGrace time between asking a trainer to stop and ending it
 */
@ConfigurationProperties("millrace.training")
public record TrainerSettings(
    @Nullable Path trainerJar,
    @DefaultValue("") String trainerClassPath,
    @DefaultValue("io.millrace.trainers.Trainer") String trainerMain,
    @Nullable Path aotCache,
    @DefaultValue("768MB") DataSize memoryOverhead,
    @DefaultValue("5s") Duration stopGrace) {}
