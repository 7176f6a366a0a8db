/** How a document is written.  That of 2013 has another namespace. */
export enum Format { Xml = 0, Xml2013, Exi }
