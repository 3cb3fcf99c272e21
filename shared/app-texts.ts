/** What Toru is, where a device lists it as an app. A language of the page may have a text for it. */
export const DESCRIPTION = 'Run the scripts on your own machine from anywhere.';
