import '../workflows/step-install.ts';
