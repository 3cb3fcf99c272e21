/** Loaded into processes whose memory is measured (`--expose-gc --import`): SIGUSR2 makes them let go of what nobody holds. */
process.on('SIGUSR2', () => globalThis.gc?.());
